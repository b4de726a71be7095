//! Timelines.

use domain::{Actor, ActorKind, EventKind, Phase, Reason, Subject, TaskId, TaskState};
use store::{NewEvent, StoreError};

use crate::support::{TestStore, event, next_uuid, task_event};

store_test! {
    async fn the_last_entries_come_newest_last_for_the_owner_alone(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        let garden = db.project(&ann, "garden").await;
        let (dig, buy) = (db.task(&garden, "dig").await, db.task(&garden, "buy").await);
        let moved = EventKind::TaskMoved { from: TaskState::Backlog, to: TaskState::InProgress };
        let mut second = task_event(&dig, moved);
        second.event.actor = Actor { kind: ActorKind::User, id: Some(ann.id.to_string()), name: "ann 🦊".into() };
        let third = task_event(&dig, EventKind::TaskEdited { fields: vec!["title".into(), "priority".into()] });
        db.insert_event(&second).await.unwrap();
        db.insert_event(&task_event(&buy, EventKind::TaskCreated)).await.unwrap();
        db.insert_event(&third).await.unwrap();
        let dug = Subject::Task(dig.id);
        assert_eq!(db.events(ann.id, dug, 2).await.unwrap(), [second.event, third.event]);
        assert_eq!(db.events(ann.id, dug, 100).await.unwrap().len(), 3);
        assert!(db.events(bob.id, dug, 100).await.unwrap().is_empty());
    }

    async fn an_agents_entries_keep_reason_and_sentence(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        let garden = db.project(&ann, "garden").await;
        let otter = db.agent(&ann, &garden, "otter").await;
        let entry = event(EventKind::AgentPhaseChanged {
            from: Phase::Starting,
            to: Phase::Failed,
            reason: Some(Reason::CloneFailed),
            message: "The repository does not exist.".into(),
        });
        db.insert_event(&NewEvent { subject: Subject::Agent(otter.id), event: entry.clone() }).await.unwrap();
        assert_eq!(db.events(ann.id, Subject::Agent(otter.id), 1).await.unwrap(), [entry]);
        assert!(db.events(bob.id, Subject::Agent(otter.id), 1).await.unwrap().is_empty());
    }

    async fn an_entry_needs_its_subject(db: TestStore) {
        let subject = Subject::Task(TaskId::from_uuid(next_uuid()));
        let outcome = db.insert_event(&NewEvent { subject, event: event(EventKind::TaskCreated) }).await;
        assert!(matches!(outcome, Err(StoreError::Missing(_))), "{outcome:?}");
    }
}
