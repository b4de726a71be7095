//! What runs, ends and is dropped on a strand.

use std::{
    future::{pending, poll_fn},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    time::Duration,
};

use super::*;

/// When a test that waits for nothing gives up.
const DEADLINE: Duration = Duration::from_secs(20);

/// Long enough that two threads meet.
fn work() {
    (0..2_000).for_each(|_| std::thread::yield_now());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_of_one_strand_never_run_together_and_all_of_them_end() {
    let (strand, running, met) = (Strand::default(), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let tasks = (0..8).map(|_| {
        let (running, met) = (Arc::clone(&running), Arc::clone(&met));
        let mut polls = 0;
        let task = poll_fn(move |context| {
            if running.fetch_add(1, SeqCst) > 0 {
                met.store(true, SeqCst);
            }
            work();
            running.fetch_sub(1, SeqCst);
            polls += 1;
            if polls == 20 {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        });
        tokio::spawn(strand.hold(task))
    });
    let all = futures::future::join_all(tasks.collect::<Vec<_>>());
    tokio::time::timeout(DEADLINE, all).await.expect("somebody waits for a turn for ever");
    assert!(!met.load(SeqCst), "two ran at the same time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_leptos_spawns_is_on_the_strand_of_who_spawned_it() {
    install();
    let (strand, (tell, told)) = (Strand::default(), tokio::sync::oneshot::channel());
    let here = strand.clone();
    let page = async {
        Executor::spawn(async move {
            Executor::spawn(async move {
                let _ = tell.send(here.is_current());
            });
        });
        told.await
    };
    assert_eq!(strand.run(page).await, Ok(Ok(true)));
    assert!(Strand::current().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_anywhere_on_the_strand_ends_the_page() {
    install();
    let page = async {
        Executor::spawn(async { panic!("on purpose") });
        pending::<()>().await;
    };
    let outcome = tokio::time::timeout(DEADLINE, Strand::default().run(page)).await;
    assert_eq!(outcome.expect("the page waits for a task that is no more"), Err(Broken));
    let page = async { panic!("on purpose") };
    assert_eq!(Strand::default().run::<_>(page).await, Err::<(), _>(Broken));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_after_the_head_breaks_the_body_off() {
    install();
    let strand = Strand::default();
    let body = axum::body::Body::from_stream(futures::stream::pending::<Result<Bytes, BoxError>>());
    let body = strand.hold_body(body);
    let page = async { Executor::spawn(async { panic!("on purpose") }) };
    let _ = strand.run(page).await;
    let read = tokio::time::timeout(DEADLINE, http_body_util::BodyExt::collect(body)).await;
    assert!(read.expect("the body waits for a task that is no more").is_err());
}

/// Leptos gives whatever begins on a thread the contexts of the page that was last there.
#[tokio::test(flavor = "current_thread")]
async fn nothing_of_a_page_that_waits_is_found_by_another_and_it_finds_its_own_again() {
    use leptos::prelude::{provide_context, use_context};

    let (yours, (go_on, gone_on)) = (Strand::default(), tokio::sync::oneshot::channel::<()>());
    let mine = tokio::spawn(Strand::default().hold(async move {
        let owner = Owner::new_root(None);
        provide_context("mine");
        gone_on.await.unwrap();
        let found = use_context::<&str>();
        drop(owner);
        found
    }));
    tokio::task::yield_now().await;
    assert_eq!(use_context::<&str>(), None, "between turns");
    let found =
        yours.hold(async { (use_context::<&str>(), Owner::new().parent().and_then(|_| use_context::<&str>())) });
    assert_eq!(found.await, (None, None), "another's turn");
    go_on.send(()).unwrap();
    assert_eq!(mine.await.unwrap(), Some("mine"));
}

#[test]
fn a_page_is_not_taken_apart_while_one_of_its_tasks_runs() {
    struct Page(Arc<AtomicBool>, std::sync::mpsc::Sender<bool>);
    impl Drop for Page {
        fn drop(&mut self) {
            self.1.send(self.0.load(SeqCst)).unwrap();
        }
    }
    let (strand, given_up, done) = (Strand::default(), AtomicBool::new(false), Arc::new(AtomicBool::new(false)));
    let (order, seen) = std::sync::mpsc::channel();
    let page = strand.hold(Page(Arc::clone(&done), order));
    let begun = std::sync::Barrier::new(2);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _turn = strand.turn();
            begun.wait();
            while !given_up.load(SeqCst) {
                std::thread::yield_now();
            }
            work();
            done.store(true, SeqCst);
        });
        begun.wait();
        given_up.store(true, SeqCst);
        drop(page);
    });
    assert!(seen.recv().unwrap(), "dropped in the middle of a task");
}

#[test]
fn what_is_dropped_in_its_own_turn_does_not_wait_for_it() {
    let strand = Strand::default();
    let task = strand.hold(());
    let _turn = strand.turn();
    let other = Strand::default();
    let _inner = other.turn();
    drop(task);
}
