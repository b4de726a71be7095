//! `update_task_status`: what became of a task.

use domain::{
    EventKind, Report, ReturnCause, Subject, Task, TaskId, TaskState, Timestamp,
    lease::LEASE_TTL,
    tools::{SUMMARY_MAX, UpdateTaskStatus, UpdateTaskStatusOutput, WorkStatus},
    validate::{self, Checker},
};
use store::{Fence, FenceTime, Renewal, Work, Written};

use super::Call;
use crate::{Inner, Worker, clock::later, error::Error};

/// How often a change is made again on top of a person's.
const TRIES: usize = 4;

/// The arguments, checked.
struct Change {
    status: WorkStatus,
    epoch: i64,
    summary: String,
    result: Option<domain::TaskResult>,
    blocked_reason: Option<String>,
}

impl Inner {
    pub(super) async fn update_status(
        &self,
        worker: &Worker,
        input: UpdateTaskStatus,
        call: Option<Call>,
    ) -> Result<UpdateTaskStatusOutput, Error> {
        let mut before = self.task_for(worker, &input.task_id).await?;
        let (id, change) = (before.id, checked(input)?);
        for _ in 0..TRIES {
            let now = self.clock.now();
            let fence = Self::fence(worker, &before, change.epoch, now)?;
            let after = change.apply(&before, now)?;
            let output = UpdateTaskStatusOutput { task_id: id, status: after.state, version: after.version };
            let report = Report {
                agent_name: worker.agent_name.clone(),
                summary: change.summary.clone(),
                percent: None,
                link: None,
                at: now,
            };
            let is_held = after.lease.is_some();
            let mut events = self.status_events(worker, &change, &before, &after);
            let closing = if is_held { None } else { Some(self.closing(worker.user_id, id, now).await?) };
            let (close, closed) = closing.map_or((None, Vec::new()), |closing| (closing.close, closing.closed));
            events.extend(closed.iter().map(|question| self.closed_event(worker.actor(), question)));
            let work = Work {
                fence: Some(fence),
                close,
                task: Some((after.clone(), before.version)),
                renewal: is_held.then(|| Renewal { task_id: id, until: later(now, LEASE_TTL), only_later: true }),
                report: Some((id, report.clone())),
                events,
                answered: call.as_ref().map(|call| call.answered(&output, now)).transpose()?,
                ..Work::of(worker.user_id)
            };
            match self.store.write_work(&work).await? {
                Written::Done => {
                    self.publish_task(worker.user_id, &Task { report: Some(report), ..after });
                    self.publish_questions(worker.user_id, closed);
                    self.refresh_phase(worker.agent_id).await;
                    return Ok(output);
                }
                Written::LeaseLost => return Err(self.lease_lost(worker, id).await),
                // A person changed it: look again.
                Written::VersionConflict | Written::QuestionClosed => {
                    before = self.task_for(worker, &id.to_string()).await?;
                }
            }
        }
        Err(Error::VersionConflict)
    }

    fn status_events(&self, worker: &Worker, change: &Change, before: &Task, after: &Task) -> Vec<store::NewEvent> {
        let mut kinds = vec![EventKind::TaskReported {
            summary: change.summary.clone(),
            percent: None,
            link: None,
            // Nothing is told in the answer.
            told: Some(Vec::new()),
        }];
        if let Some(reason) = &change.blocked_reason {
            kinds.push(EventKind::TaskNoted { markdown: reason.clone() });
        }
        if before.result != after.result {
            kinds.push(EventKind::TaskResultGiven { result: after.result.clone() });
        }
        if change.status == WorkStatus::Released {
            kinds.push(EventKind::TaskReturned { cause: ReturnCause::Released, attempts: after.attempts });
        }
        if before.state != after.state {
            kinds.push(EventKind::TaskMoved { from: before.state, to: after.state });
        }
        kinds.into_iter().map(|kind| self.event(worker.actor(), Subject::Task(after.id), kind)).collect()
    }

    /// What the worker must hold to write about the task, or the refusal.
    pub(super) fn fence(worker: &Worker, task: &Task, epoch: i64, now: Timestamp) -> Result<Fence, Error> {
        let held = task
            .lease
            .as_ref()
            .is_some_and(|lease| lease.agent_id == worker.agent_id && lease.epoch == epoch && lease.expires_at > now);
        if !held {
            return Err(lost(worker, task));
        }
        let agent_id = Some(worker.agent_id);
        Ok(Fence { task_id: task.id, agent_id, epoch, time: FenceTime::AliveAt(now) })
    }

    /// The refusal, with the reason as it is now.
    pub(super) async fn lease_lost(&self, worker: &Worker, task: TaskId) -> Error {
        match self.store.task(worker.user_id, task).await {
            Ok(Some(task)) => lost(worker, &task),
            Ok(None) => Error::NotFound(crate::Object::Task),
            Err(error) => error.into(),
        }
    }
}

fn lost(worker: &Worker, task: &Task) -> Error {
    let who = match &task.lease {
        Some(lease) if lease.agent_id == worker.agent_id => {
            format!("Your lease of this task is another one: its epoch is {}.", lease.epoch)
        }
        Some(lease) => format!("This task belongs to the agent {} now.", lease.agent_name),
        None => format!("You do not hold this task; it is {}.", task.state.label().to_lowercase()),
    };
    Error::LeaseLost(who)
}

fn checked(input: UpdateTaskStatus) -> Result<Change, Error> {
    let UpdateTaskStatus { status, lease_epoch, summary, result, blocked_reason, .. } = input;
    let mut checker = Checker::default();
    let summary = checker.check("summary", validate::label(&summary, SUMMARY_MAX));
    let blocked_reason = match (status, blocked_reason) {
        (WorkStatus::Blocked, Some(reason)) => Some(checker.check("blocked_reason", validate::note(&reason))),
        (WorkStatus::Blocked, None) => {
            Some(checker.check("blocked_reason", Err("Say what must happen before anybody can go on.".into())))
        }
        (_, None) => None,
        (_, Some(_)) => checker.check("blocked_reason", Err("Give this with the status blocked only.".into())),
    };
    checker.finish(())?;
    let result = result.map(domain::TaskResult::validate).transpose()?;
    Ok(Change { status, epoch: lease_epoch, summary, result, blocked_reason })
}

impl Change {
    /// The task as this leaves it.
    fn apply(&self, before: &Task, now: Timestamp) -> Result<Task, Error> {
        let state = match self.status {
            WorkStatus::InProgress => TaskState::InProgress,
            WorkStatus::Blocked => TaskState::NeedsInput,
            WorkStatus::InReview => TaskState::InReview,
            WorkStatus::Done => TaskState::Done,
            WorkStatus::Failed => TaskState::Failed,
            WorkStatus::Released => TaskState::Backlog,
        };
        if !before.state.can_become(state) {
            return Err(Error::InvalidTransition(format!(
                "A task that is {} cannot become {}.",
                before.state.label().to_lowercase(),
                state.label().to_lowercase()
            )));
        }
        let lease = before.lease.clone().filter(|_| self.status == WorkStatus::InProgress);
        let result = self.result.clone().unwrap_or_else(|| before.result.clone());
        Ok(Task { state, lease, result, version: before.version + 1, updated_at: now, ..before.clone() })
    }
}
