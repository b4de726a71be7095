//! Several servers on one database: what one tells, all hear, once.

use domain::{SandboxKind, TaskPatch};
use futures::StreamExt as _;
use tokio::task::JoinHandle;

use super::*;
use crate::{
    Clock as _, Events, Services,
    testing::{Bed, drain, settings},
};

/// A server that runs, and what stops it.
fn run(services: &Services) -> (JoinHandle<()>, CancellationToken) {
    let (stop, neighbours) = (CancellationToken::new(), services.neighbours());
    let stopped = stop.clone();
    (tokio::spawn(async move { neighbours.run(stopped).await }), stop)
}

/// Lets time go by until it is so.
async fn until(bed: &Bed, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::timeout(Duration::from_millis(2), std::future::pending::<()>()).await.unwrap_err();
            // Slowly enough that a server on a busy machine is not taken for dead.
            bed.clock.advance(Duration::from_millis(50));
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap_or_else(|_| panic!("it never came to: {what}"));
}

/// Another server on the same database. Both run and know of each other, and nothing is left to say.
async fn neighbour(bed: &Bed) -> (Services, [(JoinHandle<()>, CancellationToken); 2]) {
    let other = bed.restarted(settings(), SandboxKind::Bubblewrap);
    let running = [run(&bed.services), run(&other)];
    until(bed, "they know of each other", async || {
        [&bed.services, &other].iter().all(|server| server.neighbour_count() == 1)
    })
    .await;
    they_have_met(bed).await;
    (other, running)
}

/// Both have said that they are new to each other, and have heard it: a server gives a sign of life at the beginning of a round
/// and listens at the end.
async fn they_have_met(bed: &Bed) {
    let servers = async || bed.store.servers().await.unwrap();
    until(bed, "both have said so", async || {
        let now = servers().await;
        now.len() == 2 && now.iter().all(|server| server.told > 0)
    })
    .await;
    let before = servers().await;
    until(bed, "both have heard so", async || {
        let now = servers().await;
        before.iter().all(|then| now.iter().any(|server| server.id == then.id && server.beats >= then.beats + 2))
    })
    .await;
}

fn is_resync(event: &LiveEvent) -> bool {
    matches!(event, LiveEvent::Resync)
}

#[tokio::test]
async fn what_one_server_tells_the_pages_of_the_others_hear_once_and_in_order() {
    let bed = Bed::new().await;
    let ann = bed.user("ann").await;
    let (other, _running) = neighbour(&bed).await;
    let listen = |services: &Services| -> Events {
        let live = services.live();
        live.subscribe(&ann, Some(&live.position(&ann).unwrap())).unwrap()
    };
    let (mut near, mut far) = (listen(&bed.services), listen(&other));
    let task = bed.task(&ann, &bed.project(&ann, "p").await, "first").await;
    let patch = TaskPatch { title: Some("second".into()), ..TaskPatch::default() };
    let changed = bed.services.tasks().update(&ann, task.id, patch).await.unwrap();
    bed.services.tasks().delete(&ann, changed.id).await.unwrap();
    let is_removed = |event: &LiveEvent| matches!(event, LiveEvent::TaskRemoved { .. });
    let mut heard = Vec::new();
    while heard.last().is_none_or(|event| !is_removed(event)) {
        heard.push(bed.await_event(&mut far, |_| true).await);
    }
    let told = drain(&mut near);
    assert_eq!(heard, told);
    assert_eq!(told.len(), 3, "{told:?}");
    // A signed-out page is ended wherever it is open.
    bed.services.accounts().logout(&ann).await.unwrap();
    let brief = Duration::from_millis(1);
    until(&bed, "the stream ends", async || matches!(tokio::time::timeout(brief, far.next()).await, Ok(None))).await;
}

#[tokio::test]
async fn a_server_alone_writes_nothing_down() {
    let bed = Bed::new().await;
    let ann = bed.user("ann").await;
    let (task, stop) = run(&bed.services);
    until(&bed, "it has joined", async || !bed.store.servers().await.unwrap().is_empty()).await;
    bed.task(&ann, &bed.project(&ann, "p").await, "t").await;
    until(&bed, "it has given signs of life", async || bed.store.servers().await.unwrap()[0].beats > 2).await;
    assert_eq!(bed.store.servers().await.unwrap()[0].told, 0);
    stop.cancel();
    task.await.unwrap();
    assert_eq!(bed.store.servers().await.unwrap(), [], "it has left");
}

#[tokio::test]
async fn pages_read_again_what_a_server_that_was_killed_may_not_have_told() {
    let bed = Bed::new().await;
    let ann = bed.user("ann").await;
    let (other, [(first, _), _second]) = neighbour(&bed).await;
    let mut page = other.live().subscribe(&ann, Some(&other.live().position(&ann).unwrap())).unwrap();
    assert_eq!(drain(&mut page), []);
    first.abort();
    let _ = first.await;
    let killed = bed.clock.now();
    bed.await_event(&mut page, is_resync).await;
    let took = elapsed(killed, bed.clock.now());
    assert!(took < SILENT_AFTER + LOOK_SELDOM * 4, "it took {took:?}");
    assert_eq!(bed.store.servers().await.unwrap().len(), 1);
    until(&bed, "it is alone", async || other.neighbour_count() == 0).await;
}

#[tokio::test]
async fn a_server_that_was_taken_for_dead_begins_anew() {
    let bed = Bed::new().await;
    let ann = bed.user("ann").await;
    let (other, _running) = neighbour(&bed).await;
    let mut page = other.live().subscribe(&ann, Some(&other.live().position(&ann).unwrap())).unwrap();
    let before: Vec<_> = bed.store.servers().await.unwrap().into_iter().map(|server| server.id).collect();
    for server in &before {
        bed.store.leave_servers(server).await.unwrap();
    }
    bed.await_event(&mut page, is_resync).await;
    until(&bed, "both are there again", async || {
        let now = bed.store.servers().await.unwrap();
        now.len() == 2 && now.iter().all(|server| !before.contains(&server.id))
    })
    .await;
    they_have_met(&bed).await;
    let task = bed.task(&ann, &bed.project(&ann, "p").await, "t").await;
    bed.await_event(&mut page, |event| *event == LiveEvent::Task(Box::new(task.clone()))).await;
}
