//! Tasks and what they wait for.

use domain::{ProjectId, Task, TaskId, UserId};

use crate::{NewEvent, Result, Store};

impl Store {
    /// Stores a task with the first entry of its timeline. [`Missing`](crate::StoreError::Missing) when its project,
    /// its parent or a task it depends on does not exist (any more).
    pub async fn insert_task(&self, task: &Task, event: &NewEvent) -> Result<()> {
        let _ = (task, event);
        todo!()
    }

    /// The owner's task.
    pub async fn task(&self, owner: UserId, id: TaskId) -> Result<Option<Task>> {
        let _ = (owner, id);
        todo!()
    }

    /// The tasks of the owner's project: by priority, then oldest first.
    pub async fn tasks(&self, owner: UserId, project: ProjectId) -> Result<Vec<Task>> {
        let _ = (owner, project);
        todo!()
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
        let _ = (owner, task, expected_version, events);
        todo!()
    }

    /// Deletes the owner's task. Tasks that waited for it no longer do; its parts lose their parent.
    pub async fn delete_task(&self, owner: UserId, id: TaskId) -> Result<bool> {
        let _ = (owner, id);
        todo!()
    }
}
