//! Several servers on one database: one reconciles, all serve, and another one takes over.

use std::time::Duration;

use runtime::fake::Call;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{
    super::term::{LASTS, LOOK_EVERY, Term, Watched},
    *,
};
use crate::{Clock as _, Services};

/// A server that runs, and what stops it.
fn run(services: &Services) -> (JoinHandle<()>, CancellationToken) {
    let (stop, reconciler) = (CancellationToken::new(), services.reconciler());
    let stopped = stop.clone();
    (tokio::spawn(async move { reconciler.run(stopped).await }), stop)
}

/// Lets time go by until it is so.
async fn until(bed: &Bed, what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::timeout(Duration::from_millis(2), std::future::pending::<()>()).await.unwrap_err();
            bed.clock.advance(Duration::from_millis(500));
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap_or_else(|_| panic!("it never came to: {what}"));
}

fn is_idle(id: AgentId) -> impl Fn(&LiveEvent) -> bool {
    move |event| matches!(event, LiveEvent::Agent(agent) if agent.id == id && agent.phase == Phase::Idle)
}

#[tokio::test]
async fn one_reconciles_and_both_serve_and_the_other_takes_over_when_the_first_dies() {
    let (bed, ann, project) = bed().await;
    let other = bed.restarted(settings(), SandboxKind::Bubblewrap);
    let (first, _) = run(&bed.services);
    until(&bed, "a first server in office", || bed.services.is_in_office()).await;
    let (second, stop) = run(&other);
    let mut events = other.live().subscribe(&ann, None).unwrap();
    // Asked of the one, done by the other, and seen on the pages of both.
    let id = other.agents().launch(&ann, launch(&project, Some("otter"))).await.unwrap().id;
    bed.await_event(&mut events, is_idle(id)).await;
    assert!(bed.services.is_in_office() && !other.is_in_office());
    // As by kill -9: nothing is given up.
    first.abort();
    let _ = first.await;
    let before = bed.clock.now();
    until(&bed, "the second server in office", || other.is_in_office()).await;
    let waited = crate::clock::elapsed(before, bed.clock.now());
    assert!(waited <= LASTS + LOOK_EVERY * 2, "it took {waited:?}");
    let id = other.agents().launch(&ann, launch(&project, Some("seal"))).await.unwrap().id;
    bed.await_event(&mut events, is_idle(id)).await;
    let ensures = bed.runtime.calls().into_iter().filter(|call| matches!(call, Call::Ensure(..))).count();
    assert_eq!(ensures, 2, "each agent was started once");
    stop.cancel();
    second.await.unwrap();
    assert!(!other.is_in_office());
}

#[tokio::test]
async fn a_server_that_is_stopped_gives_its_term_up_at_once() {
    let (bed, ..) = bed().await;
    let other = bed.restarted(settings(), SandboxKind::Bubblewrap);
    let (first, stop) = run(&bed.services);
    until(&bed, "a first server in office", || bed.services.is_in_office()).await;
    stop.cancel();
    first.await.unwrap();
    assert!(bed.inner().take_office("another", &mut Watched::default()).await.unwrap().is_some());
    drop(other);
}

#[tokio::test]
async fn a_server_whose_clock_jumps_is_not_in_office_twice() {
    let (bed, ..) = bed().await;
    let inner = bed.inner();
    let mut watched = Watched::default();
    let term = inner.take_office("one", &mut watched).await.unwrap().unwrap();
    // Forwards: its own time is up, and it stops to write before it asks.
    bed.clock.advance(Duration::from_hours(1));
    assert!(!term.lasts(bed.clock.now()));
    let next = inner.take_office("two", &mut watched).await.unwrap().unwrap();
    assert_eq!(next.epoch(), term.epoch() + 1);
    // One whose end lies far ahead, by a clock that was wrong, is over once nothing is heard of it for long enough.
    let ahead = crate::clock::later(bed.clock.now(), Duration::from_hours(9));
    bed.store.take_term("two", bed.clock.now(), ahead, false).await.unwrap();
    assert!(inner.take_office("one", &mut watched).await.unwrap().is_none());
    bed.clock.advance(LASTS);
    let again = inner.take_office("one", &mut watched).await.unwrap().unwrap();
    assert_eq!(again.epoch(), next.epoch() + 1);
}

#[tokio::test]
async fn a_server_out_of_office_changes_nothing() {
    let (bed, ann, project) = bed().await;
    let id = bed.agent(&ann, &project, "otter").await.id;
    let inner = bed.inner();
    let old = inner.take_office("one", &mut Watched::default()).await.unwrap().unwrap();
    bed.clock.advance(LASTS);
    inner.take_office("two", &mut Watched::default()).await.unwrap().unwrap();
    // By its own clock its term is over: the runtime is not touched.
    let outcome = inner.reconcile(&Ledger::in_term(&old), id, None).await;
    assert!(matches!(outcome, Err(Halt::Deposed)), "{outcome:?}");
    assert_eq!(bed.runtime.calls(), []);
    // Even one that does not know yet cannot write what it saw.
    let unaware = Term::new(old.epoch(), crate::clock::later(bed.clock.now(), LASTS));
    bed.runtime.report(domain::Observation::plain(id, Observed::Running));
    assert_eq!(inner.reconcile(&Ledger::in_term(&unaware), id, None).await.unwrap(), Next::Unsettled);
    assert_eq!(bed.read(&ann, id).await.phase, Phase::Pending);
}
