//! Use cases of tasks. How a task may move is the domain's to say; who did it goes on its timeline.

use std::sync::Arc;

use domain::{
    AgentId, Event, EventId, EventKind, LiveEvent, NewNote, NewTask, ProjectId, Subject, Task, TaskId, TaskPatch,
    TaskResult, TaskState, task::PatchError, validate,
};
use store::{NewEvent, StoreError, Work};

use crate::{
    Inner,
    caller::Caller,
    error::{Error, Object},
    policy::{self, Action, Owner},
    to_the_end,
};

pub(crate) mod dependencies;

/// Entries of a timeline that are shown: the newest ones.
const TIMELINE_SHOWN: u32 = 500;
/// How often a change that named no version is made again on top of somebody else's.
const UPDATE_TRIES: usize = 4;

/// Use cases of tasks.
#[derive(Clone)]
pub struct Tasks(pub(crate) Arc<Inner>);

impl Tasks {
    /// Makes a task in the caller's project. It begins in the backlog.
    pub async fn create(&self, caller: &Caller, project: ProjectId, input: NewTask) -> Result<Task, Error> {
        let owner = policy::authorize(caller, Action::CreateTask)?;
        let input = input.validate()?;
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        to_the_end(async move { inner.create_task(&caller, owner, project, input).await }).await
    }

    /// The tasks of the caller's project: by priority, then oldest first.
    pub async fn list(&self, caller: &Caller, project: ProjectId) -> Result<Vec<Task>, Error> {
        let owner = policy::authorize(caller, Action::ReadTask)?;
        let project = self.0.project(owner, project).await?;
        Ok(self.0.store.tasks(owner.id(), project.id).await?)
    }

    /// The caller's task.
    pub async fn get(&self, caller: &Caller, id: TaskId) -> Result<Task, Error> {
        let owner = policy::authorize(caller, Action::ReadTask)?;
        self.0.task(owner, id).await
    }

    /// The tasks that the caller's agent holds, the last one that it took first.
    pub async fn held_by(&self, caller: &Caller, agent: AgentId) -> Result<Vec<Task>, Error> {
        let owner = policy::authorize(caller, Action::ReadTask)?;
        let agent = self.0.agent(owner, agent).await?;
        Ok(self.0.store.tasks_held_by(agent.id).await?.into_iter().map(|(_, task)| task).collect())
    }

    /// Changes the caller's task. A patch that names a version is refused when that is not the newest; one that does
    /// not is made on top of whatever others did meanwhile.
    pub async fn update(&self, caller: &Caller, id: TaskId, patch: TaskPatch) -> Result<Task, Error> {
        let owner = policy::authorize(caller, Action::UpdateTask)?;
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        to_the_end(async move { inner.update_task(&caller, owner, id, patch).await }).await
    }

    /// Deletes the caller's task. Tasks that waited for it no longer do; its parts lose their parent.
    pub async fn delete(&self, caller: &Caller, id: TaskId) -> Result<(), Error> {
        let owner = policy::authorize(caller, Action::DeleteTask)?;
        let inner = Arc::clone(&self.0);
        to_the_end(async move { inner.delete_task(owner, id).await }).await
    }

    /// Writes a note on the caller's task. An agent at work on it is told with its next report.
    pub async fn add_note(&self, caller: &Caller, id: TaskId, input: NewNote) -> Result<Event, Error> {
        let owner = policy::authorize(caller, Action::UpdateTask)?;
        let markdown = validate::note(&input.markdown).map_err(|complaint| Error::invalid("markdown", complaint))?;
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        to_the_end(async move {
            let task = inner.task(owner, id).await?;
            let noted = inner.task_event(&caller, id, EventKind::TaskNoted { markdown });
            let event = noted.event.clone();
            inner.store.write_work(&Work { events: vec![noted], ..Work::of(owner.id()) }).await?;
            inner.publish_task(owner.id(), &task);
            Ok(event)
        })
        .await
    }

    /// The newest entries of the caller's task's timeline, newest last.
    pub async fn timeline(&self, caller: &Caller, id: TaskId) -> Result<Vec<Event>, Error> {
        let owner = policy::authorize(caller, Action::ReadTask)?;
        let task = self.0.task(owner, id).await?;
        Ok(self.0.store.events(owner.id(), Subject::Task(task.id), TIMELINE_SHOWN).await?)
    }
}

impl Inner {
    /// The owner's task, or the one answer for every other id.
    pub(crate) async fn task(&self, owner: Owner, id: TaskId) -> Result<Task, Error> {
        self.store.task(owner.id(), id).await?.ok_or(Error::NotFound(Object::Task))
    }

    async fn create_task(
        &self,
        caller: &Caller,
        owner: Owner,
        project: ProjectId,
        input: NewTask,
    ) -> Result<Task, Error> {
        let project = self.project(owner, project).await?;
        let (id, now) = self.ids.next();
        let NewTask { title, description, priority, depends_on, parent_id } = input;
        let task = Task {
            id: TaskId::from_uuid(id),
            project_id: project.id,
            title,
            description,
            state: TaskState::Backlog,
            priority,
            depends_on,
            parent_id,
            result: TaskResult::default(),
            lease: None,
            attempts: 0,
            report: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        if !task.depends_on.is_empty() || task.parent_id.is_some() {
            dependencies::check(&task, &self.store.tasks(owner.id(), project.id).await?)?;
        }
        let event = self.task_event(caller, task.id, EventKind::TaskCreated);
        self.store.insert_task(&task, &event).await.map_err(|error| match error {
            // Its project or a task it names went away since we looked.
            StoreError::Missing(_) => Error::VersionConflict,
            other => other.into(),
        })?;
        self.publish_task(owner.id(), &task);
        Ok(task)
    }

    async fn update_task(&self, caller: &Caller, owner: Owner, id: TaskId, patch: TaskPatch) -> Result<Task, Error> {
        for _ in 0..UPDATE_TRIES {
            let before = self.task(owner, id).await?;
            let mut after = patch.clone().apply(&before).map_err(refuse_patch)?;
            let changes = changes(&before, &after);
            if changes.is_empty() {
                return Ok(before);
            }
            if before.depends_on != after.depends_on {
                dependencies::check(&after, &self.store.tasks(owner.id(), after.project_id).await?)?;
            }
            after.updated_at = self.clock.now();
            let events: Vec<_> = changes.into_iter().map(|kind| self.task_event(caller, id, kind)).collect();
            match self.store.update_task(owner.id(), &after, before.version, &events).await {
                Ok(true) => {
                    self.publish_task(owner.id(), &after);
                    self.taken_away(caller, owner, &before, &after).await?;
                    if before.depends_on != after.depends_on {
                        self.undo_circle(caller, owner, &before, &after).await?;
                    }
                    return Ok(after);
                }
                // Somebody was faster, or a task it names went away: look again.
                Ok(false) | Err(StoreError::Missing(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::VersionConflict)
    }

    /// Two people can make two tasks wait for each other at the same moment, and each finds nothing wrong. So whoever
    /// wrote looks again, and takes a change back that closed a circle.
    async fn undo_circle(&self, caller: &Caller, owner: Owner, before: &Task, after: &Task) -> Result<(), Error> {
        let tasks = self.store.tasks(owner.id(), after.project_id).await?;
        if let Err(refusal) = dependencies::check(after, &tasks) {
            let known = |id: &TaskId| tasks.iter().any(|task| task.id == *id);
            let depends_on = before.depends_on.iter().copied().filter(known).collect();
            let undo = TaskPatch { depends_on: Some(depends_on), ..TaskPatch::default() };
            Box::pin(self.update_task(caller, owner, after.id, undo)).await?;
            return Err(refusal);
        }
        Ok(())
    }

    /// A person took the task from its agent: nobody waits for answers any more.
    async fn taken_away(&self, caller: &Caller, owner: Owner, before: &Task, after: &Task) -> Result<(), Error> {
        let (Some(lease), None) = (&before.lease, &after.lease) else { return Ok(()) };
        let closing = self.closing(owner.id(), after.id, after.updated_at).await?;
        if closing.close.is_some() {
            let events = closing.closed.iter().map(|question| self.closed_event(caller.actor(), question)).collect();
            self.store.write_work(&Work { close: closing.close, events, ..Work::of(owner.id()) }).await?;
            self.publish_questions(owner.id(), closing.closed);
        }
        self.refresh_phase(lease.agent_id).await;
        Ok(())
    }

    async fn delete_task(&self, owner: Owner, id: TaskId) -> Result<(), Error> {
        let task = self.task(owner, id).await?;
        // Those that lose a dependency or their parent by this change too.
        let neighbours = self.store.tasks(owner.id(), task.project_id).await?;
        if !self.store.delete_task(owner.id(), id).await? {
            return Err(Error::NotFound(Object::Task));
        }
        self.live.publish(owner.id(), LiveEvent::TaskRemoved { id, project_id: task.project_id });
        let touched = neighbours.iter().filter(|other| other.parent_id == Some(id) || other.depends_on.contains(&id));
        for other in touched {
            if let Ok(Some(other)) = self.store.task(owner.id(), other.id).await {
                self.publish_task(owner.id(), &other);
            }
        }
        Ok(())
    }

    fn task_event(&self, caller: &Caller, task: TaskId, kind: EventKind) -> NewEvent {
        let (id, at) = self.ids.next();
        let event = Event { id: EventId::from_uuid(id), at, actor: caller.actor(), kind };
        NewEvent { subject: Subject::Task(task), event }
    }
}

/// What a timeline says about a change; nothing when there is none.
fn changes(before: &Task, after: &Task) -> Vec<EventKind> {
    let edits = [
        ("title", before.title != after.title),
        ("description", before.description != after.description),
        ("priority", before.priority != after.priority),
        ("depends_on", before.depends_on != after.depends_on),
        ("result", before.result != after.result),
    ];
    let fields: Vec<_> = edits.into_iter().filter(|(_, changed)| *changed).map(|(field, _)| field.to_owned()).collect();
    let edited = (!fields.is_empty()).then_some(EventKind::TaskEdited { fields });
    let moved = (before.state != after.state).then_some(EventKind::TaskMoved { from: before.state, to: after.state });
    edited.into_iter().chain(moved).collect()
}

fn refuse_patch(error: PatchError) -> Error {
    match error {
        PatchError::Invalid(invalid) => invalid.into(),
        PatchError::Transition { from, to } => Error::InvalidTransition(format!(
            "A task that is {} cannot become {}. From there it can become {}.",
            from.label().to_lowercase(),
            to.label().to_lowercase(),
            from.next().iter().map(|state| state.label().to_lowercase()).collect::<Vec<_>>().join(", ")
        )),
        PatchError::Version => Error::VersionConflict,
    }
}

#[cfg(test)]
mod tests;
