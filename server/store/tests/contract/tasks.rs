//! Tasks.

use domain::{EventKind, Priority, ProjectId, Subject, Task, TaskId, TaskResult, TaskState};
use futures::future::join_all;
use store::StoreError;

use crate::support::{TestStore, at, new_task, next_uuid, task_event};

store_test! {
    async fn a_task_reads_back_for_its_owner_alone(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        let garden = db.project(&ann, "garden").await;
        let (dig, buy) = (db.task(&garden, "dig").await, db.task(&garden, "buy 🌷").await);
        let plant = Task {
            // The largest description that validation lets through.
            description: "é".repeat(32 * 1024),
            state: TaskState::NeedsInput,
            priority: Priority::Urgent,
            depends_on: vec![dig.id, buy.id],
            parent_id: Some(dig.id),
            result: TaskResult { branch: Some("agent/1".into()), notes: Some("🌷".into()), ..TaskResult::default() },
            ..new_task(&garden, "plant")
        };
        db.insert_task(&plant, &task_event(&plant, EventKind::TaskCreated)).await.unwrap();
        assert_eq!(db.store.task(ann.id, plant.id).await.unwrap(), Some(plant.clone()));
        assert_eq!(db.store.task(bob.id, plant.id).await.unwrap(), None);
        assert_eq!(db.store.task(ann.id, TaskId::from_uuid(next_uuid())).await.unwrap(), None);
        // By priority, then by age.
        assert_eq!(db.tasks(ann.id, garden.id).await.unwrap(), [plant, dig, buy]);
        assert!(db.tasks(bob.id, garden.id).await.unwrap().is_empty());
        assert!(db.tasks(ann.id, ProjectId::from_uuid(next_uuid())).await.unwrap().is_empty());
    }

    async fn a_task_needs_what_it_refers_to(db: TestStore) {
        let ann = db.user("ann").await;
        let garden = db.project(&ann, "garden").await;
        let nowhere = TaskId::from_uuid(next_uuid());
        for task in [
            Task { project_id: ProjectId::from_uuid(next_uuid()), ..new_task(&garden, "dig") },
            Task { parent_id: Some(nowhere), ..new_task(&garden, "dig") },
            Task { depends_on: vec![nowhere], ..new_task(&garden, "dig") },
        ] {
            let outcome = db.insert_task(&task, &task_event(&task, EventKind::TaskCreated)).await;
            assert!(matches!(outcome, Err(StoreError::Missing(_))), "{outcome:?}");
        }
        // What failed halfway left nothing behind.
        assert!(db.tasks(ann.id, garden.id).await.unwrap().is_empty());
    }

    async fn of_many_changes_to_one_version_one_succeeds(db: TestStore) {
        let ann = db.user("ann").await;
        let garden = db.project(&ann, "garden").await;
        let task = db.task(&garden, "dig").await;
        let replica = db.replica().await;
        let changes = (0..8).map(|i| {
            let store = if i % 2 == 0 { db.store.clone() } else { replica.clone() };
            let changed = Task { title: format!("dig {i}"), version: 2, updated_at: at(99), ..task.clone() };
            let event = task_event(&changed, EventKind::TaskEdited { fields: vec![format!("title {i}")] });
            tokio::spawn(async move { store.update_task(ann.id, &changed, 1, &[event]).await.unwrap().then_some(changed) })
        });
        let winners: Vec<_> = join_all(changes).await.into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(winners.len(), 1, "{winners:?}");
        assert_eq!(db.store.task(ann.id, task.id).await.unwrap().as_ref(), winners.first());
        // Those that lost added nothing to the timeline.
        assert_eq!(db.events(ann.id, Subject::Task(task.id), 10).await.unwrap().len(), 2);
    }

    async fn a_change_replaces_everything_that_can_change(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        let garden = db.project(&ann, "garden").await;
        let (dig, buy) = (db.task(&garden, "dig").await, db.task(&garden, "buy").await);
        let plant = Task { depends_on: vec![dig.id], parent_id: Some(dig.id), ..new_task(&garden, "plant") };
        db.insert_task(&plant, &task_event(&plant, EventKind::TaskCreated)).await.unwrap();
        let changed = Task {
            depends_on: vec![buy.id],
            parent_id: None,
            state: TaskState::Done,
            result: TaskResult { commit: Some("0123abc".into()), ..TaskResult::default() },
            version: 2,
            ..plant
        };
        assert!(!db.update_task(bob.id, &changed, 1, &[]).await.unwrap());
        assert!(db.update_task(ann.id, &changed, 1, &[]).await.unwrap());
        assert!(!db.update_task(ann.id, &changed, 1, &[]).await.unwrap());
        assert_eq!(db.store.task(ann.id, changed.id).await.unwrap(), Some(changed));
    }

    async fn a_deleted_task_is_no_longer_waited_for(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        let garden = db.project(&ann, "garden").await;
        let dig = db.task(&garden, "dig").await;
        let plant = Task { depends_on: vec![dig.id], parent_id: Some(dig.id), ..new_task(&garden, "plant") };
        db.insert_task(&plant, &task_event(&plant, EventKind::TaskCreated)).await.unwrap();
        assert!(!db.delete_task(bob.id, dig.id).await.unwrap());
        assert!(db.delete_task(ann.id, dig.id).await.unwrap());
        assert!(!db.delete_task(ann.id, dig.id).await.unwrap());
        let plant = Task { depends_on: vec![], parent_id: None, ..plant };
        assert_eq!(db.tasks(ann.id, garden.id).await.unwrap(), [plant]);
        assert!(db.events(ann.id, Subject::Task(dig.id), 10).await.unwrap().is_empty());
    }
}
