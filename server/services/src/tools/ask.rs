//! `ask_user_question` and `check_question_response`: asking a person, and waiting for the answer.

use std::{sync::Arc, time::Duration};

use domain::{
    Lease, LiveEvent, Prompt, Question, QuestionId, QuestionStatus, Subject, Task, TaskState, Timestamp,
    lease::LEASE_TTL,
    question::{EXPIRES_IN_DEFAULT, EXPIRES_IN_MAX},
    tools::{AskUserQuestion, AskUserQuestionOutput, CheckQuestionResponse, CheckQuestionResponseOutput, WAIT_MAX},
    validate::Checker,
};
use store::{Fence, FenceTime, Renewal, Work, Written};
use tokio::sync::broadcast::error::RecvError;

use super::{Call, Waits, claim::seconds, view};
use crate::{
    Inner, Worker,
    clock::later,
    error::{Error, Object},
    live::Signal,
};

/// When an agent that did not wait shall check again, in seconds.
const CHECK_AGAIN_AFTER: u32 = 5;
/// How often a question is asked again when its task was changed meanwhile.
const TRIES: usize = 4;

impl Inner {
    /// Writes the question down.
    pub(super) async fn ask_question(
        &self,
        worker: &Worker,
        input: AskUserQuestion,
        call: Option<Call>,
    ) -> Result<AskUserQuestionOutput, Error> {
        let (prompts, lasts) = checked(&input)?;
        for _ in 0..TRIES {
            let task = self.asked_about(worker, input.task_id.as_deref()).await?;
            let question = self.question(worker, &input, &prompts, lasts, task.as_ref());
            let output = AskUserQuestionOutput {
                question_id: question.id,
                status: question.status,
                answers: None,
                retry_after_s: Some(CHECK_AGAIN_AFTER),
            };
            let now = question.asked_at;
            let held = task.as_ref().and_then(|task| Some((task, held_by(worker, task, now)?)));
            let waits = held.filter(|(task, _)| question.blocking && task.state == TaskState::InProgress);
            let after = waits.map(|(task, _)| Task {
                state: TaskState::NeedsInput,
                version: task.version + 1,
                updated_at: now,
                ..task.clone()
            });
            let work = Work {
                fence: held.map(|(task, lease)| Fence {
                    task_id: task.id,
                    agent_id: Some(worker.agent_id),
                    epoch: lease.epoch,
                    time: FenceTime::AliveAt(now),
                }),
                task: after.clone().zip(waits.map(|(task, _)| task.version)),
                // Nobody shall take the task while its agent waits.
                renewal: held.filter(|_| question.blocking).map(|(task, _)| Renewal {
                    task_id: task.id,
                    until: later(question.expires_at, LEASE_TTL),
                    only_later: true,
                }),
                events: self.asked_events(worker, &question, task.as_ref(), after.as_ref()),
                question: Some(question.clone()),
                answered: call.as_ref().map(|call| call.answered(&output, now)).transpose()?,
                ..Work::of(worker.user_id)
            };
            match self.store.write_work(&work).await? {
                Written::Done => {
                    self.publish_questions(worker.user_id, vec![question]);
                    if let Some(after) = after {
                        self.publish_task(worker.user_id, &after);
                    }
                    self.refresh_phase(worker.agent_id).await;
                    return Ok(output);
                }
                // The task was changed or lost meanwhile: look again.
                Written::LeaseLost | Written::VersionConflict | Written::QuestionClosed => {}
            }
        }
        Err(Error::VersionConflict)
    }

    /// The task that the question is about: the one that was named, else the one that the agent holds.
    async fn asked_about(&self, worker: &Worker, id: Option<&str>) -> Result<Option<Task>, Error> {
        if let Some(id) = id {
            Ok(Some(self.task_for(worker, id).await?))
        } else {
            let held = self.store.tasks_held_by(worker.agent_id).await?;
            Ok(held.into_iter().next().map(|(_, task)| task))
        }
    }

    fn question(
        &self,
        worker: &Worker,
        input: &AskUserQuestion,
        prompts: &[Prompt],
        lasts: Duration,
        task: Option<&Task>,
    ) -> Question {
        let (id, now) = self.ids.next();
        Question {
            id: QuestionId::from_uuid(id),
            agent_id: worker.agent_id,
            agent_name: worker.agent_name.clone(),
            project_id: task.map_or(worker.project_id, |task| task.project_id),
            task_id: task.map(|task| task.id),
            task_title: task.map(|task| task.title.clone()),
            prompts: prompts.to_vec(),
            blocking: input.blocking,
            default_option: input.default_option.clone(),
            status: QuestionStatus::Pending,
            answers: Vec::new(),
            answered_by: None,
            asked_at: now,
            expires_at: later(now, lasts),
            closed_at: None,
        }
    }

    fn asked_events(
        &self,
        worker: &Worker,
        question: &Question,
        before: Option<&Task>,
        after: Option<&Task>,
    ) -> Vec<store::NewEvent> {
        let asked = domain::EventKind::QuestionAsked { question_id: question.id, prompts: question.prompts.clone() };
        let subject = question.task_id.map_or(Subject::Agent(worker.agent_id), Subject::Task);
        let mut events = vec![self.event(worker.actor(), subject, asked)];
        if let (Some(before), Some(after)) = (before, after) {
            let moved = domain::EventKind::TaskMoved { from: before.state, to: after.state };
            events.push(self.event(worker.actor(), subject, moved));
        }
        events
    }

    /// Waits for the answer to a question that was just asked, as long as the agent wants to.
    pub(super) async fn await_asked(
        self: &Arc<Self>,
        worker: &Worker,
        asked: AskUserQuestionOutput,
        input: AskUserQuestion,
    ) -> Result<AskUserQuestionOutput, Error> {
        let wait = seconds(input.wait_seconds, if input.blocking { WAIT_MAX } else { 0 })?;
        let question = self.await_answer(worker, asked.question_id, wait).await?;
        let CheckQuestionResponseOutput { status, answers, retry_after_s } = checked_output(&question);
        Ok(AskUserQuestionOutput { question_id: question.id, status, answers, retry_after_s })
    }

    pub(super) async fn check_question(
        self: &Arc<Self>,
        worker: &Worker,
        input: CheckQuestionResponse,
    ) -> Result<CheckQuestionResponseOutput, Error> {
        let id = input.question_id.parse().map_err(|_| Error::NotFound(Object::Question))?;
        let wait = seconds(input.wait_seconds, 0)?;
        Ok(checked_output(&self.await_answer(worker, id, wait).await?))
    }

    /// The question once it is closed, or as it is when the wait is over. The database is asked at the beginning; then
    /// the answer comes by itself.
    async fn await_answer(&self, worker: &Worker, id: QuestionId, wait: Duration) -> Result<Question, Error> {
        let deadline = later(self.clock.now(), wait);
        let mut live = self.live.listen(worker.user_id, None);
        'look: loop {
            let found = self.store.question(worker.user_id, id).await?;
            let question = found.ok_or(Error::NotFound(Object::Question))?;
            if question.status != QuestionStatus::Pending || self.clock.now() >= deadline {
                return Ok(question);
            }
            let _waits = Waits::new(self);
            loop {
                tokio::select! {
                    signal = live.signals.recv() => match signal {
                        Ok(Signal::Event(_, event)) => match &*event {
                            LiveEvent::Question(news) if news.id == id => return Ok(Question::clone(news)),
                            LiveEvent::Resync => continue 'look,
                            _ => {}
                        },
                        Ok(Signal::Ended(_)) => {}
                        Err(RecvError::Lagged(_)) => continue 'look,
                        Err(error @ RecvError::Closed) => return Err(Error::internal(error)),
                    },
                    () = self.clock.sleep_until(deadline) => continue 'look,
                }
            }
        }
    }
}

fn held_by<'a>(worker: &Worker, task: &'a Task, now: Timestamp) -> Option<&'a Lease> {
    task.lease.as_ref().filter(|lease| lease.agent_id == worker.agent_id && lease.expires_at > now)
}

fn checked_output(question: &Question) -> CheckQuestionResponseOutput {
    let is_open = question.status == QuestionStatus::Pending;
    CheckQuestionResponseOutput {
        status: question.status,
        answers: view::answers(question),
        retry_after_s: is_open.then_some(CHECK_AGAIN_AFTER),
    }
}

/// The prompts in their stored form, and how long the question stays open.
fn checked(input: &AskUserQuestion) -> Result<(Vec<Prompt>, Duration), Error> {
    let mut checker = Checker::default();
    let prompts = Prompt::validate_all(input.questions.clone(), &mut checker);
    let lasts = input.expires_in_s.unwrap_or(EXPIRES_IN_DEFAULT);
    if !(1..=EXPIRES_IN_MAX).contains(&lasts) {
        let complaint: Result<(), _> = Err(format!("Choose between 1 and {EXPIRES_IN_MAX} seconds."));
        checker.check("expires_in_s", complaint);
    }
    if let Some(default) = &input.default_option
        && !prompts.iter().all(|prompt| prompt.options.iter().any(|option| option.label == *default))
    {
        let complaint: Result<(), _> = Err("Name an option that every question offers.".into());
        checker.check("default_option", complaint);
    }
    checker.finish(())?;
    seconds(input.wait_seconds, 0)?;
    Ok((prompts, Duration::from_secs(lasts.into())))
}
