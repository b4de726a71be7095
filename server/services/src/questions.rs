//! Use cases of questions: what people see of them, and how they answer.

use std::sync::Arc;

use domain::{
    Actor, AgentId, AuditAction, EventKind, LiveEvent, NewAnswers, Outcome, Question, QuestionId, QuestionStatus,
    Subject, Task, TaskId, TaskState, Timestamp, UserId, lease::LEASE_TTL,
};
use store::{CloseQuestions, NewEvent, Renewal, WhichQuestions, Work, Written};

use crate::{
    Inner,
    caller::Caller,
    clock::later,
    error::{Error, Object},
    policy::{self, Action, Owner},
    to_the_end,
};

/// Questions of a task or an agent that are shown: the newest ones.
const SHOWN: u32 = 50;
/// How often a question is closed again when its task was changed meanwhile.
const TRIES: usize = 4;

/// Use cases of questions.
#[derive(Clone)]
pub struct Questions(pub(crate) Arc<Inner>);

impl Questions {
    /// The open questions of the caller's agents, oldest first.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Question>, Error> {
        let owner = policy::authorize(caller, Action::ReadQuestion)?;
        Ok(self.0.store.open_questions(owner.id()).await?)
    }

    /// The newest questions about the caller's task, newest last.
    pub async fn of_task(&self, caller: &Caller, task: TaskId) -> Result<Vec<Question>, Error> {
        let owner = policy::authorize(caller, Action::ReadQuestion)?;
        let task = self.0.task(owner, task).await?;
        Ok(self.0.store.questions_of_task(owner.id(), task.id, SHOWN).await?)
    }

    /// The newest questions of the caller's agent, newest last.
    pub async fn of_agent(&self, caller: &Caller, agent: AgentId) -> Result<Vec<Question>, Error> {
        let owner = policy::authorize(caller, Action::ReadQuestion)?;
        let agent = self.0.agent(owner, agent).await?;
        Ok(self.0.store.questions_of_agent(owner.id(), agent.id, SHOWN).await?)
    }

    /// Answers an open question of the caller's agents. Only the first answer counts.
    pub async fn answer(&self, caller: &Caller, id: QuestionId, input: NewAnswers) -> Result<Question, Error> {
        let owner = policy::authorize(caller, Action::AnswerQuestion)?;
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        to_the_end(async move { inner.answer(&caller, owner, id, input).await }).await
    }
}

/// How questions end together with something else.
pub(crate) struct Closing {
    pub(crate) close: Option<CloseQuestions>,
    /// The questions as they are afterwards.
    pub(crate) closed: Vec<Question>,
}

impl Inner {
    async fn answer(
        &self,
        caller: &Caller,
        owner: Owner,
        id: QuestionId,
        input: NewAnswers,
    ) -> Result<Question, Error> {
        let found = self.store.question(owner.id(), id).await?;
        let question = found.ok_or(Error::NotFound(Object::Question))?;
        if question.status != QuestionStatus::Pending || question.expires_at <= self.clock.now() {
            return Err(already_closed(&question));
        }
        let answered = Question {
            answers: input.validate(&question.prompts)?,
            status: QuestionStatus::Answered,
            answered_by: Some(caller.user.username.clone()),
            closed_at: Some(self.clock.now()),
            ..question
        };
        if !self.close_question(owner.id(), caller.actor(), &answered).await? {
            let now = self.store.question(owner.id(), id).await?;
            return Err(already_closed(&now.unwrap_or(answered)));
        }
        self.audit(caller, AuditAction::AnswerQuestion, Some(id.to_string()), Outcome::Ok).await;
        Ok(answered)
    }

    /// Closes an open question as it is given. Its task goes on when the agent waits for nothing else. False when
    /// somebody was faster.
    pub(crate) async fn close_question(&self, owner: UserId, actor: Actor, closed: &Question) -> Result<bool, Error> {
        let now = closed.closed_at.unwrap_or_else(|| self.clock.now());
        for _ in 0..TRIES {
            let resumed = self.resumed_by(owner, closed, now).await?;
            let mut events = vec![self.closed_event(actor.clone(), closed)];
            if let Some((before, after)) = &resumed {
                let moved = EventKind::TaskMoved { from: before.state, to: after.state };
                events.push(self.event(actor.clone(), Subject::Task(after.id), moved));
            }
            let work = Work {
                close: Some(CloseQuestions {
                    which: WhichQuestions::One(closed.id),
                    status: closed.status,
                    answers: closed.answers.clone(),
                    answered_by: closed.answered_by.clone(),
                    at: now,
                }),
                renewal: resumed.as_ref().map(|(_, after)| Renewal {
                    task_id: after.id,
                    until: later(now, LEASE_TTL),
                    only_later: false,
                }),
                task: resumed.as_ref().map(|(before, after)| (after.clone(), before.version)),
                events,
                ..Work::of(owner)
            };
            match self.store.write_work(&work).await? {
                Written::Done => {
                    self.publish_questions(owner, vec![closed.clone()]);
                    if let Some((_, after)) = resumed {
                        self.publish_task(owner, &after);
                    }
                    self.refresh_phase(closed.agent_id).await;
                    return Ok(true);
                }
                Written::QuestionClosed => return Ok(false),
                Written::VersionConflict | Written::LeaseLost => {}
            }
        }
        Err(Error::VersionConflict)
    }

    /// The question's task before and after, if it goes on when this question is closed.
    async fn resumed_by(
        &self,
        owner: UserId,
        question: &Question,
        now: Timestamp,
    ) -> Result<Option<(Task, Task)>, Error> {
        let Some(id) = question.task_id.filter(|_| question.blocking) else { return Ok(None) };
        let Some(task) = self.store.task(owner, id).await? else { return Ok(None) };
        let holds = task.lease.as_ref().is_some_and(|lease| lease.agent_id == question.agent_id);
        if task.state != TaskState::NeedsInput || !holds {
            return Ok(None);
        }
        let others = self.store.questions_of_task(owner, id, SHOWN).await?;
        let waits =
            |other: &Question| other.blocking && other.status == QuestionStatus::Pending && other.id != question.id;
        if others.iter().any(waits) {
            return Ok(None);
        }
        let after = Task { state: TaskState::InProgress, version: task.version + 1, updated_at: now, ..task.clone() };
        Ok(Some((task, after)))
    }

    /// How the open questions of a task end when its agent does not hold it any more.
    pub(crate) async fn closing(&self, owner: UserId, task: TaskId, now: Timestamp) -> Result<Closing, Error> {
        let questions = self.store.questions_of_task(owner, task, SHOWN).await?;
        let open = questions.into_iter().filter(|question| question.status == QuestionStatus::Pending);
        let closed: Vec<_> = open
            .map(|question| Question { status: QuestionStatus::Cancelled, closed_at: Some(now), ..question })
            .collect();
        let close = (!closed.is_empty()).then_some(CloseQuestions {
            which: WhichQuestions::OfTask(task),
            status: QuestionStatus::Cancelled,
            answers: Vec::new(),
            answered_by: None,
            at: now,
        });
        Ok(Closing { close, closed })
    }

    /// The entry of a timeline that tells how a question ended.
    pub(crate) fn closed_event(&self, actor: Actor, question: &Question) -> NewEvent {
        let subject = question.task_id.map_or(Subject::Agent(question.agent_id), Subject::Task);
        let kind = EventKind::QuestionClosed {
            question_id: question.id,
            status: question.status,
            answers: question.answers.clone(),
        };
        self.event(actor, subject, kind)
    }

    pub(crate) fn publish_questions(&self, owner: UserId, questions: Vec<Question>) {
        for question in questions {
            self.live.publish(owner, LiveEvent::Question(Box::new(question)));
        }
    }
}

fn already_closed(question: &Question) -> Error {
    Error::QuestionClosed(match (question.status, &question.answered_by) {
        (QuestionStatus::Answered, Some(name)) => format!("{name} has answered this question already."),
        (QuestionStatus::Answered, None) => "This question has been answered already.".to_owned(),
        (QuestionStatus::Cancelled, _) => "This question is not needed any more.".to_owned(),
        (QuestionStatus::Expired | QuestionStatus::Pending, _) => {
            "This question has expired; nobody waits for the answer any more.".to_owned()
        }
    })
}

#[cfg(test)]
mod tests;
