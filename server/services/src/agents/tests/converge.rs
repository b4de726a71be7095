//! The reconciler brings agents to where they shall be, and writes nothing when they are there.

use std::time::Duration;

use domain::{AgentLimits, LaunchAgent, Observation, Reason, WantedLimits};
use runtime::fake::{Call, Start};
use tokio_util::sync::CancellationToken;

use super::*;

fn phase_is(id: AgentId, phase: Phase) -> impl Fn(&LiveEvent) -> bool {
    move |event| matches!(event, LiveEvent::Agent(agent) if agent.id == id && agent.phase == phase)
}

#[tokio::test]
async fn an_agent_goes_up_down_up_and_away_while_pages_watch() {
    let (bed, ann, project) = bed().await;
    let mut events = bed.services.live().subscribe(&ann, None).unwrap();
    let (stop, reconciler) = (CancellationToken::new(), bed.services.reconciler());
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { reconciler.run(stop).await }
    });
    let agents = bed.services.agents();
    bed.runtime.set_start(Start::ByHand);
    let id = bed.agent(&ann, &project, "otter").await.id;
    bed.await_event(&mut events, phase_is(id, Phase::Starting)).await;
    bed.runtime.report(Observation::plain(id, Observed::Running));
    bed.await_event(&mut events, phase_is(id, Phase::Idle)).await;
    agents.stop(&ann, id).await.unwrap();
    bed.await_event(&mut events, phase_is(id, Phase::Stopped)).await;
    agents.start(&ann, id).await.unwrap();
    bed.await_event(&mut events, phase_is(id, Phase::Starting)).await;
    // The event is lost: looking again finds it.
    bed.runtime.change_silently(Observation::plain(id, Observed::Running));
    bed.await_event(&mut events, phase_is(id, Phase::Idle)).await;
    let told = story(&bed, &ann, id).await;
    agents.delete(&ann, id).await.unwrap();
    bed.await_event(&mut events, |event| *event == LiveEvent::AgentRemoved { id }).await;
    assert_eq!(
        told,
        [
            "ann: launch",
            "AiWorker: pending to starting",
            "AiWorker: starting to idle",
            "ann: stop",
            "AiWorker: idle to stopping",
            "AiWorker: stopping to stopped",
            "ann: start",
            "AiWorker: stopped to starting",
            "AiWorker: starting to idle",
        ]
    );
    assert_eq!(agents.list(&ann).await.unwrap(), []);
    assert_eq!(bed.runtime.inventory().await.unwrap(), []);
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn what_a_launch_does_not_say_of_the_limits_is_the_operators_choice() {
    let agent_limits = AgentLimits { memory_mib: 2048, processes: 300 };
    let bed = Bed::with(crate::Settings { agent_limits, ..settings() }, SandboxKind::Bubblewrap).await;
    let ann = bed.user("ann").await;
    let project = bed.project(&ann, "p").await;
    for (memory_mib, processes, expected) in [
        (None, None, agent_limits),
        (Some(512), None, AgentLimits { memory_mib: 512, ..agent_limits }),
        (None, Some(64), AgentLimits { processes: 64, ..agent_limits }),
    ] {
        let limits = WantedLimits { memory_mib, processes };
        let input = LaunchAgent { limits, ..launch(&project, None) };
        assert_eq!(bed.services.agents().launch(&ann, input).await.unwrap().limits, expected);
    }
}

#[tokio::test]
async fn twenty_agents_come_and_go_at_once() {
    let bed = Bed::with(crate::Settings { agents_per_user: 20, ..settings() }, SandboxKind::Bubblewrap).await;
    let ann = bed.user("ann").await;
    let project = bed.project(&ann, "p").await;
    let mut events = bed.services.live().subscribe(&ann, None).unwrap();
    let (stop, reconciler) = (CancellationToken::new(), bed.services.reconciler());
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { reconciler.run(stop).await }
    });
    let agents = bed.services.agents();
    let launches = (0..20).map(|_| agents.launch(&ann, launch(&project, None)));
    let all = futures::future::try_join_all(launches).await.unwrap();
    futures::future::try_join_all(all.iter().map(|agent| agents.delete(&ann, agent.id))).await.unwrap();
    let mut left: HashSet<_> = all.iter().map(|agent| agent.id).collect();
    while !left.is_empty() {
        let event = bed.await_event(&mut events, |event| matches!(event, LiveEvent::AgentRemoved { .. })).await;
        left.remove(&crate::live::agent_of(&event).unwrap());
    }
    assert_eq!(bed.runtime.inventory().await.unwrap(), []);
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn looking_at_an_agent_that_is_as_it_shall_be_writes_nothing() {
    let (bed, ann, project) = bed().await;
    let agents = bed.services.agents();
    let id = bed.agent(&ann, &project, "otter").await.id;
    bed.look_at(id).await;
    for desired in [Desired::Running, Desired::Stopped] {
        if desired == Desired::Stopped {
            agents.stop(&ann, id).await.unwrap();
            bed.look_at(id).await;
        }
        let before = (bed.read(&ann, id).await, story(&bed, &ann, id).await, bed.runtime.calls());
        let mut events = bed.services.live().subscribe(&ann, None).unwrap();
        assert_eq!(drain(&mut events), [LiveEvent::Resync]);
        for _ in 0..3 {
            bed.clock.advance(Duration::from_mins(1));
            assert_eq!(bed.look_with(&Ledger::default(), id).await, Next::Settled);
        }
        let after = (bed.read(&ann, id).await, story(&bed, &ann, id).await, bed.runtime.calls());
        assert_eq!(before, after, "{desired}");
        assert_eq!(drain(&mut events), [], "{desired}");
    }
}

#[tokio::test]
async fn what_was_wanted_meanwhile_wins_over_what_was_seen_before() {
    let (bed, ann, project) = bed().await;
    let old = bed.agent(&ann, &project, "otter").await;
    bed.services.agents().stop(&ann, old.id).await.unwrap();
    // A look that began before the stop cannot write what it saw.
    let seen = Observation::plain(old.id, Observed::Running);
    assert!(matches!(bed.inner().record_seen(None, &old, &seen).await, Err(super::super::reconcile::Halt::MovedOn)));
    bed.look_at(old.id).await;
    assert_eq!(bed.read(&ann, old.id).await.phase, Phase::Stopped);
    assert!(!bed.runtime.calls().iter().any(|call| matches!(call, Call::Ensure(..))));
}

#[tokio::test]
async fn only_that_an_agent_is_up_is_believed_without_a_look() {
    let (bed, ann, project) = bed().await;
    bed.runtime.set_start(Start::ByHand);
    let id = bed.agent(&ann, &project, "otter").await.id;
    bed.look_at(id).await;
    let hear = async |state| {
        let heard = Some(Observation::plain(id, state));
        bed.inner().reconcile(&Ledger::default(), id, heard).await.unwrap();
        bed.read(&ann, id).await.phase
    };
    // Whoever looks sees that it is starting.
    assert_eq!(hear(Observed::Failed).await, Phase::Starting);
    assert_eq!(hear(Observed::Running).await, Phase::Idle);
}

#[tokio::test]
async fn why_a_run_ended_is_told_though_the_next_one_is_on_its_way_or_up() {
    let (bed, ann, project) = bed().await;
    let (restarts, id) = (Ledger::default(), bed.agent(&ann, &project, "otter").await.id);
    bed.look_with(&restarts, id).await;
    let end = crate::testing::seen(id, Observed::Failed, Reason::Evicted);
    let hear = async |now: Observation| {
        bed.runtime.change_silently(now);
        bed.inner().reconcile(&restarts, id, Some(end.clone())).await.unwrap()
    };
    assert_eq!(hear(Observation::plain(id, Observed::Starting)).await, Next::Unsettled);
    assert_eq!(hear(Observation::plain(id, Observed::Running)).await, Next::Settled);
    let no_room = crate::testing::seen(id, Observed::Failed, Reason::Unschedulable);
    assert_eq!(hear(no_room).await, Next::Settled);
    assert_eq!(bed.read(&ann, id).await.reason, Some(Reason::Unschedulable), "what keeps the next one from running");
    // Who asks for the end of one that is down already tells nothing new.
    hear(Observation::plain(id, Observed::Starting)).await;
    let steps = [
        "idle to failed, evicted",
        "failed to starting",
        "starting to failed, evicted",
        "failed to idle",
        "idle to failed, evicted",
        "failed to starting",
    ];
    let timeline = bed.services.agents().timeline(&ann, id).await.unwrap();
    let told = timeline.into_iter().filter_map(|event| match event.kind {
        EventKind::AgentPhaseChanged { from, to, reason, .. } => {
            Some(format!("{from} to {to}{}", reason.map(|reason| format!(", {reason}")).unwrap_or_default()))
        }
        _ => None,
    });
    assert_eq!(told.skip(1).collect::<Vec<_>>(), steps);
    assert!(!bed.runtime.calls().iter().any(|call| matches!(call, Call::Stop(_))), "nobody interferes");
}

#[tokio::test]
async fn an_agent_that_ended_for_a_reason_and_is_not_made_again_is_started() {
    let (bed, ann, project) = bed().await;
    let (restarts, id) = (Ledger::default(), bed.agent(&ann, &project, "otter").await.id);
    bed.look_with(&restarts, id).await;
    bed.runtime.change_silently(Observation::plain(id, Observed::Stopped));
    let end = crate::testing::seen(id, Observed::Failed, Reason::Evicted);
    let next = bed.inner().reconcile(&restarts, id, Some(end)).await.unwrap();
    let Next::After(wait) = next else { panic!("it should be started again: {next:?}") };
    bed.clock.advance(wait);
    bed.look_with(&restarts, id).await;
    assert_eq!(bed.read(&ann, id).await.phase, Phase::Idle);
}

#[tokio::test]
async fn why_a_run_ended_is_told_though_the_runtime_does_not_answer() {
    let (bed, ann, project) = bed().await;
    let id = bed.agent(&ann, &project, "otter").await.id;
    bed.look_at(id).await;
    let mut events = bed.services.live().subscribe(&ann, None).unwrap();
    bed.runtime.set_hanging(true);
    let end = crate::testing::seen(id, Observed::Failed, Reason::Evicted);
    let inner = bed.inner();
    let look = tokio::spawn(async move { inner.reconcile(&Ledger::default(), id, Some(end)).await.is_err() });
    bed.await_event(&mut events, phase_is(id, Phase::Failed)).await;
    assert!(look.await.unwrap(), "it will be looked at again");
    assert_eq!(bed.read(&ann, id).await.reason, Some(Reason::Evicted));
}

#[tokio::test]
async fn agents_that_are_up_are_found_together_and_not_looked_at_one_by_one() {
    let (bed, ann, project) = bed().await;
    bed.runtime.find_up();
    let mut events = bed.services.live().subscribe(&ann, None).unwrap();
    let (stop, reconciler) = (CancellationToken::new(), bed.services.reconciler());
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { reconciler.run(stop).await }
    });
    let up = bed.agent(&ann, &project, "otter").await.id;
    bed.await_event(&mut events, phase_is(up, Phase::Idle)).await;
    let other = bed.agent(&ann, &project, "seal").await.id;
    bed.await_event(&mut events, phase_is(other, Phase::Idle)).await;
    // Events are lost. The next survey does not find it, and so somebody looks.
    bed.runtime.change_silently(Observation::plain(other, Observed::Stopping));
    bed.await_event(&mut events, phase_is(other, Phase::Stopping)).await;
    let looks = bed.runtime.looks(up);
    bed.runtime.change_silently(Observation::plain(other, Observed::Running));
    bed.await_event(&mut events, phase_is(other, Phase::Idle)).await;
    bed.runtime.change_silently(Observation::plain(other, Observed::Stopping));
    bed.await_event(&mut events, phase_is(other, Phase::Stopping)).await;
    assert_eq!(bed.runtime.looks(up), looks, "nobody asks about one that was found");
    assert_eq!(bed.read(&ann, up).await.phase, Phase::Idle);
    // Found up, and said to do what it does not.
    let agent = bed.read(&ann, up).await;
    bed.inner().record(None, &agent, Phase::Working, agent.reason, &agent.message, agent.step).await.unwrap();
    bed.await_event(&mut events, phase_is(up, Phase::Working)).await;
    bed.await_event(&mut events, phase_is(up, Phase::Idle)).await;
    assert_eq!(bed.runtime.looks(up), looks, "what was found is as good as a look");
    stop.cancel();
    running.await.unwrap();
}
