//! Tasks on a real database: versions, timelines, dependencies and live events.

use domain::{ActorKind, ErrorCode, Priority, Project};

use super::*;
use crate::testing::{Bed, drain, shown};

fn moved(state: TaskState) -> TaskPatch {
    TaskPatch { state: Some(state), ..TaskPatch::default() }
}

fn waits_for(tasks: &[&Task]) -> TaskPatch {
    TaskPatch { depends_on: Some(tasks.iter().map(|task| task.id).collect()), ..TaskPatch::default() }
}

async fn bed() -> (Bed, Caller, Project) {
    let bed = Bed::new().await;
    let ann = bed.user("ann").await;
    let project = bed.project(&ann, "gate").await;
    (bed, ann, project)
}

#[tokio::test]
async fn a_task_tells_on_its_timeline_who_changed_what() {
    let (bed, ann, project) = bed().await;
    let tasks = bed.services.tasks();
    let task = bed.task(&ann, &project, "Mend the gate").await;
    let patch = TaskPatch {
        title: Some("Mend both gates".into()),
        priority: Some(Priority::Urgent),
        state: Some(TaskState::InProgress),
        ..TaskPatch::default()
    };
    let changed = tasks.update(&ann, task.id, patch).await.unwrap();
    assert_eq!((changed.version, changed.state), (2, TaskState::InProgress));
    assert_eq!(tasks.get(&ann, task.id).await.unwrap(), changed);
    let timeline = tasks.timeline(&ann, task.id).await.unwrap();
    assert!(timeline.iter().all(|e| e.actor.kind == ActorKind::User && e.actor.name == "ann"));
    let kinds: Vec<_> = timeline.into_iter().map(|event| event.kind).collect();
    assert_eq!(
        kinds,
        [
            EventKind::TaskCreated,
            EventKind::TaskEdited { fields: vec!["title".into(), "priority".into()] },
            EventKind::TaskMoved { from: TaskState::Backlog, to: TaskState::InProgress },
        ]
    );
}

#[tokio::test]
async fn a_step_that_the_state_machine_lacks_is_refused_with_the_ones_it_has() {
    let (bed, ann, project) = bed().await;
    let task = bed.task(&ann, &project, "t").await;
    let refused = bed.services.tasks().update(&ann, task.id, moved(TaskState::Failed)).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::InvalidTransition);
    assert_eq!(
        refused.public_message(),
        "A task that is backlog cannot become failed. From there it can become in progress, in review, done, cancelled."
    );
}

#[tokio::test]
async fn a_change_of_nothing_writes_nothing() {
    let (bed, ann, project) = bed().await;
    let task = bed.task(&ann, &project, "t").await;
    let mut events = bed.services.live().subscribe(&ann, None).unwrap();
    drain(&mut events);
    let patch = TaskPatch { title: Some(" t ".into()), state: Some(TaskState::Backlog), ..TaskPatch::default() };
    assert_eq!(bed.services.tasks().update(&ann, task.id, patch).await.unwrap(), task);
    assert_eq!(bed.services.tasks().timeline(&ann, task.id).await.unwrap().len(), 1);
    assert_eq!(drain(&mut events), []);
}

#[tokio::test]
async fn a_change_made_from_an_old_version_is_refused_and_one_without_a_version_is_not() {
    let (bed, ann, project) = bed().await;
    let tasks = bed.services.tasks();
    let task = bed.task(&ann, &project, "t").await;
    let titled = |title: &str, version| TaskPatch { title: Some(title.into()), version, ..TaskPatch::default() };
    tasks.update(&ann, task.id, titled("one", Some(1))).await.unwrap();
    assert_eq!(
        tasks.update(&ann, task.id, titled("two", Some(1))).await.unwrap_err().code(),
        ErrorCode::VersionConflict
    );
    let both = [titled("three", None), moved(TaskState::Done)].map(|patch| tasks.update(&ann, task.id, patch));
    for outcome in futures::future::join_all(both).await {
        outcome.unwrap();
    }
    let task = tasks.get(&ann, task.id).await.unwrap();
    assert_eq!((task.title.as_str(), task.state, task.version), ("three", TaskState::Done, 4));
}

#[tokio::test]
async fn a_task_never_waits_for_itself() {
    let (bed, ann, project) = bed().await;
    let tasks = bed.services.tasks();
    let (one, two) = (bed.task(&ann, &project, "one").await, bed.task(&ann, &project, "two").await);
    let three = bed.task(&ann, &project, "three").await;
    tasks.update(&ann, two.id, waits_for(&[&one])).await.unwrap();
    tasks.update(&ann, three.id, waits_for(&[&two])).await.unwrap();
    for (task, patch, way) in
        [(&one, waits_for(&[&one]), "one"), (&one, waits_for(&[&two]), "two"), (&one, waits_for(&[&three]), "three")]
    {
        let refused = tasks.update(&ann, task.id, patch).await.unwrap_err();
        let expected = format!("This task would wait for itself by way of “{way}”.");
        assert_eq!((refused.code(), refused.fields()[0].message.as_str()), (ErrorCode::Invalid, expected.as_str()));
    }
    let elsewhere = bed.project(&ann, "elsewhere").await;
    let foreign = bed.task(&ann, &elsewhere, "foreign").await;
    assert!(shown(tasks.update(&ann, one.id, waits_for(&[&foreign])).await).contains("tasks of this project"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tasks_do_not_wait_for_each_other_even_when_both_are_told_to_at_once() {
    let (bed, ann, project) = bed().await;
    let tasks = bed.services.tasks();
    for _ in 0..10 {
        let (one, two) = (bed.task(&ann, &project, "one").await, bed.task(&ann, &project, "two").await);
        let both = [(&one, &two), (&two, &one)].map(|(task, other)| tasks.update(&ann, task.id, waits_for(&[other])));
        futures::future::join_all(both).await;
        let (one, two) = (tasks.get(&ann, one.id).await.unwrap(), tasks.get(&ann, two.id).await.unwrap());
        assert!(one.depends_on.is_empty() || two.depends_on.is_empty());
    }
}

#[tokio::test]
async fn a_deleted_task_is_waited_for_no_more_and_open_pages_hear_of_it() {
    let (bed, ann, project) = bed().await;
    let tasks = bed.services.tasks();
    let (one, two) = (bed.task(&ann, &project, "one").await, bed.task(&ann, &project, "two").await);
    tasks.update(&ann, two.id, waits_for(&[&one])).await.unwrap();
    let mut events = bed.services.live().subscribe(&ann, None).unwrap();
    drain(&mut events);
    tasks.delete(&ann, one.id).await.unwrap();
    let two = tasks.get(&ann, two.id).await.unwrap();
    assert_eq!(two.depends_on, []);
    assert_eq!(
        drain(&mut events),
        [LiveEvent::TaskRemoved { id: one.id, project_id: project.id }, LiveEvent::Task(Box::new(two)),]
    );
    assert_eq!(tasks.delete(&ann, one.id).await.unwrap_err().code(), ErrorCode::NotFound);
}
