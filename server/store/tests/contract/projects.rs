//! Projects.

use domain::{Project, ProjectId};
use store::{DeleteProject, StoreError};

use crate::support::{TestStore, at, new_project, next_uuid};

store_test! {
    async fn a_project_reads_back_for_its_owner_alone(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        let garden = db.project(&ann, "<b>Garten 🌱'; DROP TABLE projects;--</b>").await;
        let bare = Project { repository_url: None, ..new_project("bare") };
        db.insert_project(ann.id, &bare).await.unwrap();
        assert_eq!(db.store.project(ann.id, garden.id).await.unwrap(), Some(garden.clone()));
        assert_eq!(db.store.project(bob.id, garden.id).await.unwrap(), None);
        assert_eq!(db.store.project(ann.id, ProjectId::from_uuid(next_uuid())).await.unwrap(), None);
        assert_eq!(db.projects(ann.id).await.unwrap(), [garden, bare]);
        assert!(db.projects(bob.id).await.unwrap().is_empty());
    }

    async fn a_name_is_unique_among_its_owners_projects(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        db.project(&ann, "garden").await;
        db.project(&bob, "garden").await;
        let other_case = db.project(&ann, "Garden").await;
        let again = db.insert_project(ann.id, &new_project("garden")).await;
        assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
        let renamed = db.update_project(ann.id, &Project { name: "garden".into(), ..other_case }).await;
        assert!(matches!(renamed, Err(StoreError::Conflict(_))), "{renamed:?}");
    }

    async fn a_project_is_changed_by_its_owner_alone(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        let garden = db.project(&ann, "garden").await;
        let changed = Project { repository_url: None, start_command: String::new(), updated_at: at(99), ..garden };
        assert!(!db.update_project(bob.id, &changed).await.unwrap());
        assert!(db.update_project(ann.id, &changed).await.unwrap());
        // Nothing new is no reason to say that it is not there.
        assert!(db.update_project(ann.id, &changed).await.unwrap());
        assert_eq!(db.store.project(ann.id, changed.id).await.unwrap(), Some(changed));
    }

    async fn a_project_goes_with_its_tasks_when_its_agents_are_gone(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        let garden = db.project(&ann, "garden").await;
        let task = db.task(&garden, "dig").await;
        let otter = db.agent(&ann, &garden, "otter").await;
        assert_eq!(db.delete_project(bob.id, garden.id).await.unwrap(), DeleteProject::NotFound);
        assert_eq!(db.delete_project(ann.id, garden.id).await.unwrap(), DeleteProject::HasAgents);
        assert!(db.delete_agent(otter.id, None).await.unwrap());
        assert_eq!(db.delete_project(ann.id, garden.id).await.unwrap(), DeleteProject::Deleted);
        assert_eq!(db.delete_project(ann.id, garden.id).await.unwrap(), DeleteProject::NotFound);
        assert_eq!(db.store.task(ann.id, task.id).await.unwrap(), None);
    }
}
