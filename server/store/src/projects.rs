//! Projects.

use domain::{Project, ProjectId, UserId};

use crate::{DeleteProject, Result, Store, rows::project::ProjectRow};

impl Store {
    /// Stores a project. [`Conflict`](crate::StoreError::Conflict) when the owner has one of this name.
    pub async fn insert_project(&self, owner: UserId, project: &Project) -> Result<()> {
        let row = ProjectRow::new(owner, project);
        dispatch!(self, projects::insert(&row))
    }

    /// The owner's project.
    pub async fn project(&self, owner: UserId, id: ProjectId) -> Result<Option<Project>> {
        let (owner, id) = (owner.to_string(), id.to_string());
        dispatch!(self, projects::find(&owner, &id))?.map(Project::try_from).transpose()
    }

    /// The owner's projects, oldest first.
    pub async fn projects(&self, owner: UserId) -> Result<Vec<Project>> {
        let owner = owner.to_string();
        dispatch!(self, projects::of_user(&owner))?.into_iter().map(Project::try_from).collect()
    }

    /// Replaces the owner's project with the same id. False when there is none;
    /// [`Conflict`](crate::StoreError::Conflict) when another one has the name.
    pub async fn update_project(&self, owner: UserId, project: &Project) -> Result<bool> {
        let row = ProjectRow::new(owner, project);
        dispatch!(self, projects::update(&row))
    }

    /// Deletes the owner's project with its tasks, unless it still has agents.
    pub async fn delete_project(&self, owner: UserId, id: ProjectId) -> Result<DeleteProject> {
        let (owner, id) = (owner.to_string(), id.to_string());
        dispatch!(self, projects::delete(&owner, &id))
    }
}
