//! Agents that end by themselves, cannot be started, or live in a runtime that does not answer.

use std::{io, time::Duration};

use domain::{Observation, Reason};
use runtime::fake::Call;
use tokio_util::sync::CancellationToken;

use super::{super::restarts::MOST, *};
use crate::testing::seen;

fn ensures(bed: &Bed) -> usize {
    bed.runtime.calls().iter().filter(|call| matches!(call, Call::Ensure(..))).count()
}

#[tokio::test]
async fn an_agent_that_ends_too_often_is_left_failed_until_somebody_starts_it() {
    let (bed, ann, project) = bed().await;
    let (restarts, id) = (Ledger::default(), bed.agent(&ann, &project, "otter").await.id);
    bed.look_with(&restarts, id).await;
    for number in 1..=MOST {
        bed.runtime.change_silently(seen(id, Observed::Failed, Reason::Exited));
        let Next::After(wait) = bed.look_with(&restarts, id).await else { panic!("it should wait") };
        let agent = bed.read(&ann, id).await;
        assert_eq!((agent.phase, agent.reason), (Phase::Pending, Some(Reason::Exited)));
        assert_eq!(agent.message, format!("It ended by itself; it is being started again ({number} of 3)."));
        assert!(matches!(bed.look_with(&restarts, id).await, Next::After(_)), "a wake-up does not shorten the wait");
        bed.clock.advance(wait);
        bed.look_with(&restarts, id).await;
        assert_eq!((bed.read(&ann, id).await.phase, ensures(&bed)), (Phase::Idle, 1 + number));
    }
    bed.runtime.change_silently(seen(id, Observed::Failed, Reason::Exited));
    assert_eq!(bed.look_with(&restarts, id).await, Next::Settled);
    let failed = bed.read(&ann, id).await;
    assert_eq!((failed.phase, failed.reason), (Phase::Failed, Some(Reason::Exited)));
    assert_eq!(
        failed.message,
        "It ended by itself with code 1. That was 3 restarts within 10 minutes; no more are tried."
    );
    // Neither time nor another server changes that; a person does.
    bed.clock.advance(Duration::from_hours(1));
    bed.look_at(id).await;
    assert_eq!((bed.read(&ann, id).await, ensures(&bed)), (failed.clone(), 1 + MOST));
    let started = bed.services.agents().start(&ann, id).await.unwrap();
    assert_eq!(started.generation, failed.generation + 1);
    bed.look_at(id).await;
    assert_eq!((bed.read(&ann, id).await.phase, ensures(&bed)), (Phase::Idle, 2 + MOST));
}

#[tokio::test]
async fn a_refusal_is_shown_with_its_reason_and_heals_when_the_host_is_mended() {
    let (bed, ann, project) = bed().await;
    let id = bed.agent(&ann, &project, "otter").await.id;
    let refuse = |reason, message: &str| {
        let message = message.to_owned();
        bed.runtime.fail_ensure(move || RuntimeError::Refused { reason, message });
    };
    refuse(Reason::MissingProgram, "tmux is not installed. Install it.");
    assert_eq!(bed.look_with(&Ledger::default(), id).await, Next::Settled);
    let agent = bed.read(&ann, id).await;
    assert_eq!((agent.phase, agent.reason), (Phase::Failed, Some(Reason::MissingProgram)));
    assert_eq!(agent.message, "tmux is not installed. Install it.");
    bed.look_at(id).await;
    assert_eq!(bed.read(&ann, id).await.phase, Phase::Idle);

    let other = bed.agent(&ann, &project, "seal").await.id;
    refuse(Reason::StartFailed, "The sandbox did not start.");
    bed.look_at(other).await;
    bed.look_at(other).await;
    assert_eq!(bed.read(&ann, other).await.reason, Some(Reason::StartFailed), "this one needs a person");
}

#[tokio::test]
async fn a_start_that_came_to_nothing_is_not_repeated_by_itself() {
    let (bed, ann, project) = bed().await;
    let id = bed.agent(&ann, &project, "otter").await.id;
    bed.look_at(id).await;
    bed.runtime.change_silently(seen(id, Observed::Failed, Reason::StartTimeout));
    assert_eq!(bed.look_with(&Ledger::default(), id).await, Next::Settled);
    assert_eq!(bed.read(&ann, id).await.reason, Some(Reason::StartTimeout));
    bed.look_at(id).await;
    assert_eq!((bed.read(&ann, id).await.phase, ensures(&bed)), (Phase::Failed, 1));
}

#[tokio::test]
async fn a_runtime_that_does_not_answer_is_tried_again_and_the_agent_says_so() {
    let (bed, ann, project) = bed().await;
    for _ in 0..4 {
        bed.runtime.fail_ensure(|| RuntimeError::Unavailable {
            what: "asking the cluster".into(),
            source: io::Error::from(io::ErrorKind::ConnectionRefused),
        });
    }
    let mut events = bed.services.live().subscribe(&ann, None).unwrap();
    let (stop, reconciler) = (CancellationToken::new(), bed.services.reconciler());
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { reconciler.run(stop).await }
    });
    bed.agent(&ann, &project, "otter").await;
    let says = |reason| move |event: &LiveEvent| matches!(event, LiveEvent::Agent(agent) if agent.reason == reason);
    let told = bed.await_event(&mut events, says(Some(Reason::RuntimeUnavailable))).await;
    let LiveEvent::Agent(told) = told else { panic!("not an agent") };
    assert_eq!(told.phase, Phase::Pending, "it says nothing that was not seen");
    let up = |event: &LiveEvent| matches!(event, LiveEvent::Agent(agent) if agent.phase == Phase::Idle);
    let LiveEvent::Agent(up) = bed.await_event(&mut events, up).await else { panic!("not an agent") };
    assert_eq!((up.reason, up.message.as_str()), (None, ""));
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_runtime_that_hangs_does_not_hang_the_reconciler() {
    let (bed, ann, project) = bed().await;
    let id = bed.agent(&ann, &project, "otter").await.id;
    bed.runtime.set_hanging(true);
    let inner = bed.inner();
    let look = tokio::spawn(async move { inner.reconcile(&Ledger::default(), id, None).await });
    while bed.clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    bed.clock.advance(Duration::from_secs(25));
    let outcome = look.await.unwrap();
    assert!(matches!(outcome, Err(super::super::reconcile::Halt::Runtime(RuntimeError::Timeout(_)))));
    assert_eq!(bed.read(&ann, id).await.phase, Phase::Pending);
}

#[tokio::test]
async fn a_remark_about_an_agent_that_runs_is_shown_and_is_no_event() {
    let (bed, ann, project) = bed().await;
    let id = bed.agent(&ann, &project, "otter").await.id;
    bed.look_at(id).await;
    let before = story(&bed, &ann, id).await;
    let message = "The repository could not be cloned.".to_owned();
    let running = Observation::plain(id, Observed::Running);
    let remark = Observation { reason: Some(Reason::CloneFailed), message, ..running };
    bed.runtime.change_silently(remark);
    bed.look_at(id).await;
    let agent = bed.read(&ann, id).await;
    assert_eq!((agent.phase, agent.reason), (Phase::Idle, Some(Reason::CloneFailed)));
    assert_eq!(story(&bed, &ann, id).await, before);
}
