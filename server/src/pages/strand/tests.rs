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
    drop(task);
}
