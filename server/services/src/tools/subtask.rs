//! `create_subtask`: a part of a task becomes a task of its own.

use domain::{
    EventKind, Lease, NewTask, Subject, Task, TaskId, TaskResult, TaskState,
    lease::LEASE_TTL,
    tools::{ACCEPTANCE_ITEM_MAX, ACCEPTANCE_MAX, Assign, CreateSubtask, CreateSubtaskOutput},
    validate::{self, Checker},
};
use store::{Fence, FenceTime, StoreError, Work, Written};

use super::{Call, view};
use crate::{
    Inner, Worker,
    clock::later,
    error::{Error, Object},
    tasks::dependencies,
};

impl Inner {
    pub(super) async fn create_subtask(
        &self,
        worker: &Worker,
        input: CreateSubtask,
        call: Option<Call>,
    ) -> Result<CreateSubtaskOutput, Error> {
        let parent = self.task_for(worker, &input.parent_task_id).await?;
        let (fields, assign) = checked(input, &parent)?;
        let (id, now) = self.ids.next();
        let id = TaskId::from_uuid(id);
        let (fence, lease) = match assign {
            Assign::Backlog => (None, None),
            Assign::Me => {
                let held = parent.lease.as_ref().filter(|lease| lease.agent_id == worker.agent_id);
                let Some(held) = held else { return Err(self.lease_lost(worker, parent.id).await) };
                let fence = Fence {
                    task_id: parent.id,
                    agent_id: Some(worker.agent_id),
                    epoch: held.epoch,
                    time: FenceTime::AliveAt(now),
                };
                let lease = Lease {
                    agent_id: worker.agent_id,
                    agent_name: worker.agent_name.clone(),
                    epoch: 1,
                    claimed_at: now,
                    expires_at: later(now, LEASE_TTL),
                };
                (Some(fence), Some(lease))
            }
        };
        let task = Task {
            id,
            project_id: parent.project_id,
            title: fields.title,
            description: fields.description,
            state: if lease.is_some() { TaskState::InProgress } else { TaskState::Backlog },
            priority: fields.priority,
            depends_on: fields.depends_on,
            parent_id: Some(parent.id),
            result: TaskResult::default(),
            lease,
            attempts: 0,
            report: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        dependencies::check(&task, &self.store.tasks(worker.user_id, task.project_id).await?)?;
        let output = CreateSubtaskOutput { task_id: id, lease: task.lease.as_ref().map(view::lease_view) };
        let mut events = vec![self.event(worker.actor(), Subject::Task(id), EventKind::TaskCreated)];
        if task.lease.is_some() {
            events.push(self.event(worker.actor(), Subject::Task(id), EventKind::TaskClaimed { epoch: 1 }));
        }
        let work = Work {
            fence,
            new_task: Some(task.clone()),
            events,
            answered: call.map(|call| call.answered(&output, now)).transpose()?,
            ..Work::of(worker.user_id)
        };
        match self.store.write_work(&work).await {
            Ok(Written::Done) => {
                self.publish_task(worker.user_id, &task);
                Ok(output)
            }
            Ok(_) => Err(self.lease_lost(worker, parent.id).await),
            // The parent or a task it names went away since we looked.
            Err(StoreError::Missing(_)) => Err(Error::NotFound(Object::Task)),
            Err(error) => Err(error.into()),
        }
    }
}

/// The task in its stored form, with its acceptance criteria at the end of the description.
fn checked(input: CreateSubtask, parent: &Task) -> Result<(NewTask, Assign), Error> {
    let CreateSubtask { title, mut description, priority, depends_on, assign, acceptance, .. } = input;
    let mut checker = Checker::default();
    if acceptance.len() > ACCEPTANCE_MAX {
        let complaint: Result<(), _> = Err(format!("Give at most {ACCEPTANCE_MAX} criteria."));
        checker.check("acceptance", complaint);
    }
    for (i, criterion) in acceptance.iter().take(ACCEPTANCE_MAX).enumerate() {
        let criterion = checker.check(&format!("acceptance.{i}"), validate::label(criterion, ACCEPTANCE_ITEM_MAX));
        if i == 0 {
            description.push_str("\n\n**Done when:**\n");
        }
        description.push_str(&format!("\n- {criterion}"));
    }
    checker.finish(())?;
    let depends_on = depends_on.iter().map(|id| id.parse()).collect::<Result<_, _>>();
    let depends_on = depends_on.map_err(|_| Error::NotFound(Object::Task))?;
    let priority = priority.unwrap_or(parent.priority);
    let fields = NewTask { title, description, priority, depends_on, parent_id: Some(parent.id) };
    Ok((fields.validate()?, assign))
}
