//! Live events: who hears what, and what a page that was away gets.

use domain::{Desired, NewToken, TaskPatch};

use super::*;
use crate::{
    live::channel::REMEMBERED,
    testing::{Bed, drain},
};

async fn retitle(bed: &Bed, caller: &Caller, task: &domain::Task, times: usize) {
    for number in 0..times {
        let patch = TaskPatch { title: Some(format!("title {number}")), ..TaskPatch::default() };
        bed.services.tasks().update(caller, task.id, patch).await.unwrap();
    }
}

#[tokio::test]
async fn a_page_that_was_away_gets_what_it_missed_and_nothing_twice() {
    let bed = Bed::new().await;
    let (ann, bob) = (bed.user("ann").await, bed.user("bob").await);
    let live = bed.services.live();
    let rendered = live.position(&ann).unwrap();
    let project = bed.project(&ann, "p").await;
    let task = bed.task(&ann, &project, "t").await;
    bed.task(&bob, &bed.project(&bob, "p").await, "not hers").await;

    let mut events = live.subscribe(&ann, Some(&rendered)).unwrap();
    let (id, first) = events.next().await.unwrap();
    assert_eq!(first, LiveEvent::Task(Box::new(task.clone())));
    drop(events);
    retitle(&bed, &ann, &task, 3).await;
    let mut events = live.subscribe(&ann, Some(&id)).unwrap();
    let missed = drain(&mut events);
    assert_eq!(missed.len(), 3);
    retitle(&bed, &ann, &task, 1).await;
    assert_eq!(drain(&mut events).len(), 1);
}

#[tokio::test]
async fn a_page_that_cannot_know_what_it_missed_is_told_to_read_again() {
    let bed = Bed::new().await;
    let ann = bed.user("ann").await;
    let live = bed.services.live();
    let task = bed.task(&ann, &bed.project(&ann, "p").await, "t").await;
    let old = live.position(&ann).unwrap();
    retitle(&bed, &ann, &task, REMEMBERED + 1).await;
    let (boot, seq) = old.split_once('-').unwrap();
    let ahead = format!("{boot}-{}", seq.parse::<u64>().unwrap() + 9999);
    let restarted = bed.restarted(crate::testing::settings(), domain::SandboxKind::Bubblewrap);
    for last in [None, Some("nonsense"), Some("-"), Some(old.as_str()), Some(ahead.as_str())] {
        let mut events = live.subscribe(&ann, last).unwrap();
        let (id, event) = events.next().await.unwrap();
        assert_eq!((id, event), (live.position(&ann).unwrap(), LiveEvent::Resync), "{last:?}");
        assert_eq!(drain(&mut events), [], "{last:?}");
    }
    let now = live.position(&ann).unwrap();
    let mut events = restarted.live().subscribe(&ann, Some(&now)).unwrap();
    assert_eq!(drain(&mut events), [LiveEvent::Resync]);
}

#[tokio::test]
async fn a_listener_that_falls_behind_is_told_to_read_again() {
    let bed = Bed::new().await;
    let ann = bed.user("ann").await;
    let task = bed.task(&ann, &bed.project(&ann, "p").await, "t").await;
    let mut events = bed.services.live().subscribe(&ann, None).unwrap();
    assert_eq!(drain(&mut events), [LiveEvent::Resync]);
    retitle(&bed, &ann, &task, REMEMBERED + 10).await;
    assert_eq!(drain(&mut events), [LiveEvent::Resync]);
    retitle(&bed, &ann, &task, 2).await;
    assert_eq!(drain(&mut events).len(), 2);
}

#[tokio::test]
async fn news_of_one_object_never_go_back_in_time() {
    let bed = Bed::new().await;
    let ann = bed.user("ann").await;
    let project = bed.project(&ann, "p").await;
    let mut events = bed.services.live().subscribe(&ann, None).unwrap();
    let old = bed.agent(&ann, &project, "otter").await;
    let new = bed.services.agents().stop(&ann, old.id).await.unwrap();
    assert_eq!((new.desired, new.generation), (Desired::Stopped, 2));
    assert_eq!(drain(&mut events).len(), 3);
    let publish = |event| bed.inner().live.publish(ann.user.id, event);
    publish(LiveEvent::Agent(Box::new(old)));
    assert_eq!(drain(&mut events), []);
    publish(LiveEvent::AgentRemoved { id: new.id });
    publish(LiveEvent::Agent(Box::new(new)));
    assert_eq!(drain(&mut events).len(), 1);
}

#[tokio::test]
async fn a_stream_ends_with_the_session_or_token_that_opened_it() {
    let bed = Bed::new().await;
    let ann = bed.user("ann").await;
    let made = bed.services.tokens().create(&ann, NewToken { name: "t".into(), expires_in_days: 1 }).await.unwrap();
    let program = bed.services.accounts().authenticate_token(&made.secret, crate::testing::client()).await;
    let program = program.unwrap().unwrap();
    let live = bed.services.live();
    let (mut of_page, mut of_program) = (live.subscribe(&ann, None).unwrap(), live.subscribe(&program, None).unwrap());
    drain(&mut of_page);
    drain(&mut of_program);
    bed.services.tokens().revoke(&ann, made.token.id).await.unwrap();
    assert_eq!(of_program.next().await, None);
    bed.services.accounts().logout(&ann).await.unwrap();
    assert_eq!(of_page.next().await, None);
}
