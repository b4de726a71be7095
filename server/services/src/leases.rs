//! Leases: how tasks go back from agents that are not heard of, were stopped or ended, and what agents are seen to do.

use std::time::Duration;

use domain::{
    Actor, AgentId, Answer, Desired, Event, EventId, EventKind, LiveEvent, Phase, Question, QuestionStatus,
    ReturnCause, Subject, Task, TaskState, UserId,
    lease::{ATTEMPTS_MAX, LEASE_AFTER_DEATH},
};
use store::{Fence, FenceTime, NewEvent, Work, Written};

use crate::{Inner, agents::Halt, clock::later, error::Error};

/// How often expired leases and questions are looked for.
pub(crate) const REAP_EVERY: Duration = Duration::from_secs(5);
/// Most leases and questions that one look deals with.
const AT_ONCE: u32 = 100;
/// How long answers are kept for calls that are repeated.
const ANSWERS_KEPT: Duration = Duration::from_hours(24);
/// How often a task is given back again when it was changed meanwhile.
const TRIES: usize = 4;

/// What an agent that is up is seen to do, from the states of the tasks that it holds.
pub(crate) fn phase_at_work(held: &[TaskState]) -> Phase {
    if held.contains(&TaskState::InProgress) {
        Phase::Working
    } else if held.contains(&TaskState::NeedsInput) {
        Phase::Waiting
    } else {
        Phase::Idle
    }
}

impl Inner {
    /// Gives back tasks whose lease has expired, and closes questions that nobody answered in time.
    pub(crate) async fn reap(&self) -> Result<(), Error> {
        let now = self.clock.now();
        for (owner, question) in self.store.expired_questions(now, AT_ONCE).await? {
            let expired = Question { answers: default_answers(&question), status: QuestionStatus::Expired, ..question };
            let expired = Question { closed_at: Some(now), ..expired };
            self.close_question(owner, Actor::system(), &expired).await?;
        }
        for (owner, task) in self.store.expired_leases(now, AT_ONCE).await? {
            self.give_back(owner, task, ReturnCause::Expired).await?;
        }
        let old = now.checked_sub(ANSWERS_KEPT).unwrap_or(now);
        self.store.forget_answered_calls(old).await?;
        Ok(())
    }

    /// Gives back everything that a stopped or deleted agent held.
    pub(crate) async fn give_back_all(&self, agent: AgentId) -> Result<(), Error> {
        for (owner, task) in self.store.tasks_held_by(agent).await? {
            self.give_back(owner, task, ReturnCause::AgentStopped).await?;
        }
        Ok(())
    }

    /// The agent was seen to have ended. It may come back soon; else its tasks go to others.
    pub(crate) async fn cut_leases(&self, agent: AgentId) -> Result<(), store::StoreError> {
        self.store.cut_leases(agent, later(self.clock.now(), LEASE_AFTER_DEATH)).await
    }

    async fn give_back(&self, owner: UserId, mut task: Task, cause: ReturnCause) -> Result<(), Error> {
        for _ in 0..TRIES {
            let Some(lease) = task.lease.clone() else { return Ok(()) };
            let now = self.clock.now();
            let after = given_back(&task, cause, now);
            let closing = self.closing(owner, task.id, now).await?;
            let returned = EventKind::TaskReturned { cause, attempts: after.attempts };
            let moved = EventKind::TaskMoved { from: task.state, to: after.state };
            let mut events: Vec<_> =
                closing.closed.iter().map(|question| self.closed_event(Actor::system(), question)).collect();
            events.extend([returned, moved].map(|kind| self.event(Actor::system(), Subject::Task(task.id), kind)));
            let time = if cause == ReturnCause::Expired { FenceTime::ExpiredAt(now) } else { FenceTime::Any };
            let work = Work {
                fence: Some(Fence { task_id: task.id, agent_id: Some(lease.agent_id), epoch: lease.epoch, time }),
                close: closing.close,
                task: Some((after.clone(), task.version)),
                events,
                ..Work::of(owner)
            };
            match self.store.write_work(&work).await? {
                Written::Done => {
                    self.publish_task(owner, &after);
                    self.publish_questions(owner, closing.closed);
                    self.refresh_phase(lease.agent_id).await;
                    return Ok(());
                }
                // The agent was heard of after all, or somebody else gave it back.
                Written::LeaseLost => return Ok(()),
                Written::VersionConflict | Written::QuestionClosed => match self.store.task(owner, task.id).await? {
                    Some(newer) => task = newer,
                    None => return Ok(()),
                },
            }
        }
        Err(Error::VersionConflict)
    }

    /// Shows what the agent does, as far as its own calls tell: it works, waits for a person, or does neither.
    pub(crate) async fn refresh_phase(&self, id: AgentId) {
        if let Err(error) = self.try_refresh_phase(id).await {
            tracing::warn!(agent.id = %id, error = &error as &dyn std::error::Error, "what it does could not be shown");
        }
    }

    async fn try_refresh_phase(&self, id: AgentId) -> Result<(), Error> {
        let Some(agent) = self.store.agent_unscoped(id).await? else { return Ok(()) };
        if agent.desired != Desired::Running || !agent.phase.has_terminal() {
            return Ok(());
        }
        let held = self.store.tasks_held_by(id).await?;
        let phase = phase_at_work(&held.iter().map(|(_, task)| task.state).collect::<Vec<_>>());
        if phase != agent.phase {
            // What another writer has seen meanwhile is newer than this.
            if let Err(Halt::Store(error)) =
                self.record(None, &agent, phase, agent.reason, &agent.message, agent.step).await
            {
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// An entry of a timeline, made now.
    pub(crate) fn event(&self, actor: Actor, subject: Subject, kind: EventKind) -> NewEvent {
        let (id, at) = self.ids.next();
        NewEvent { subject, event: Event { id: EventId::from_uuid(id), at, actor, kind } }
    }

    /// Tells open pages of a task, and agents that wait for one when it may be free for them now.
    pub(crate) fn publish_task(&self, owner: UserId, task: &Task) {
        self.live.publish(owner, LiveEvent::Task(Box::new(task.clone())));
        if task.lease.is_none() {
            self.bells.ring(owner);
        }
    }
}

fn given_back(task: &Task, cause: ReturnCause, now: domain::Timestamp) -> Task {
    let attempts = task.attempts + u32::from(cause == ReturnCause::Expired);
    let state = if attempts >= ATTEMPTS_MAX { TaskState::Failed } else { TaskState::Backlog };
    Task { state, attempts, lease: None, version: task.version + 1, updated_at: now, ..task.clone() }
}

/// What counts when nobody answered in time.
fn default_answers(question: &Question) -> Vec<Answer> {
    let Some(default) = &question.default_option else { return Vec::new() };
    let answer = || Answer { selected: vec![default.clone()], text: None };
    question.prompts.iter().map(|_| answer()).collect()
}
