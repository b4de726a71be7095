//! Projects.

use domain::{Project, ProjectId, UserId};

use crate::{DeleteProject, Result, Store};

impl Store {
    /// Stores a project. [`Conflict`](crate::StoreError::Conflict) when the owner has one of this name.
    pub async fn insert_project(&self, owner: UserId, project: &Project) -> Result<()> {
        let _ = (owner, project);
        todo!()
    }

    /// The owner's project.
    pub async fn project(&self, owner: UserId, id: ProjectId) -> Result<Option<Project>> {
        let _ = (owner, id);
        todo!()
    }

    /// The owner's projects, oldest first.
    pub async fn projects(&self, owner: UserId) -> Result<Vec<Project>> {
        let _ = owner;
        todo!()
    }

    /// Replaces the owner's project with the same id. False when there is none;
    /// [`Conflict`](crate::StoreError::Conflict) when another one has the name.
    pub async fn update_project(&self, owner: UserId, project: &Project) -> Result<bool> {
        let _ = (owner, project);
        todo!()
    }

    /// Deletes the owner's project with its tasks, unless it still has agents.
    pub async fn delete_project(&self, owner: UserId, id: ProjectId) -> Result<DeleteProject> {
        let _ = (owner, id);
        todo!()
    }
}
