//! Tasks and what they wait for.

use domain::{ProjectId, Task, TaskId, UserId};

use crate::{
    NewEvent, Result, Store,
    rows::{event::EventRow, task::TaskRows},
};

impl Store {
    /// Stores a task with the first entry of its timeline. [`Missing`](crate::StoreError::Missing) when its project,
    /// its parent or a task it depends on does not exist (any more).
    pub async fn insert_task(&self, task: &Task, event: &NewEvent) -> Result<()> {
        let (rows, event) = (TaskRows::try_from(task)?, EventRow::try_from(event)?);
        dispatch!(self, tasks::insert(&rows, &event))
    }

    /// The owner's task.
    pub async fn task(&self, owner: UserId, id: TaskId) -> Result<Option<Task>> {
        let (owner, id) = (owner.to_string(), id.to_string());
        dispatch!(self, tasks::find(&owner, &id))?.map(Task::try_from).transpose()
    }

    /// The tasks of the owner's project: by priority, then oldest first.
    pub async fn tasks(&self, owner: UserId, project: ProjectId) -> Result<Vec<Task>> {
        let (owner, project) = (owner.to_string(), project.to_string());
        dispatch!(self, tasks::of_project(&owner, &project))?.into_iter().map(Task::try_from).collect()
    }

    /// Replaces the owner's task if its version is still `expected_version`, and adds to its timeline. False when it is
    /// not, or the task is gone: then nothing has changed.
    pub async fn update_task(
        &self,
        owner: UserId,
        task: &Task,
        expected_version: i64,
        events: &[NewEvent],
    ) -> Result<bool> {
        let (owner, rows) = (owner.to_string(), TaskRows::try_from(task)?);
        let events = events.iter().map(EventRow::try_from).collect::<Result<Vec<_>>>()?;
        dispatch!(self, tasks::update(&owner, &rows, expected_version, &events))
    }

    /// Deletes the owner's task. Tasks that waited for it no longer do; its parts lose their parent.
    pub async fn delete_task(&self, owner: UserId, id: TaskId) -> Result<bool> {
        let (owner, id) = (owner.to_string(), id.to_string());
        dispatch!(self, tasks::delete(&owner, &id))
    }
}
