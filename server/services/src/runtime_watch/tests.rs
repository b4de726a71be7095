//! A runtime that does not answer is told of within seconds, and so is that it is back.

use std::time::Duration;

use domain::{AgentId, LiveEvent, Phase};
use tokio_util::sync::CancellationToken;

use crate::{Clock as _, clock::elapsed, testing::Bed};

fn is_trouble(event: &LiveEvent) -> bool {
    matches!(event, LiveEvent::Runtime { trouble: Some(_) })
}

fn is_well(event: &LiveEvent) -> bool {
    matches!(event, LiveEvent::Runtime { trouble: None })
}

#[tokio::test]
async fn people_are_told_within_ten_seconds_and_everything_else_goes_on() {
    let bed = Bed::new().await;
    let ann = bed.user("ann").await;
    let project = bed.project(&ann, "p").await;
    let mut events = bed.services.live().subscribe(&ann, None).unwrap();
    let (stop, watch) = (CancellationToken::new(), bed.services.runtime_watch());
    let watching = tokio::spawn({
        let stop = stop.clone();
        async move { watch.run(stop).await }
    });
    assert_eq!(bed.services.runtime_trouble(), None);
    bed.runtime.set_hanging(true);
    let before = bed.clock.now();
    bed.await_event(&mut events, is_trouble).await;
    let told_after = elapsed(before, bed.clock.now());
    assert!(told_after <= Duration::from_secs(10), "{told_after:?}");
    let trouble = bed.services.runtime_trouble().unwrap();
    assert!(trouble.message.starts_with("The part that runs agents does not answer."), "{}", trouble.message);
    // What does not need it is not slowed down, and a launch is written down at once.
    let agent = bed.agent(&ann, &project, "otter").await;
    assert_eq!(agent.phase, Phase::Pending);
    bed.task(&ann, &project, "t").await;
    bed.inner().wake_ups.next().await;
    bed.runtime.set_hanging(false);
    let before = bed.clock.now();
    bed.await_event(&mut events, is_well).await;
    assert!(elapsed(before, bed.clock.now()) <= Duration::from_secs(10));
    assert_eq!(bed.services.runtime_trouble(), None);
    let woken: Vec<AgentId> = bed.inner().wake_ups.next().await.into_iter().collect();
    assert_eq!(woken, [agent.id], "nobody waits for the next resync");
    stop.cancel();
    watching.await.unwrap();
}
