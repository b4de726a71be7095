//! Tasks, leases and questions as agents see them.

use domain::{
    Lease, Project, Question, QuestionStatus, Task,
    lease::HEARTBEAT_EVERY,
    tools::{LeaseView, QuestionView, TaskSummary, TaskView},
};

use crate::{Inner, Worker, error::Error};

/// Questions about a task that an agent is told: the newest ones.
const QUESTIONS_SHOWN: u32 = 20;

impl Inner {
    pub(super) async fn view(&self, worker: &Worker, task: &Task) -> Result<TaskView, Error> {
        let project = self.store.project(worker.user_id, task.project_id).await?;
        // It went away with its tasks since we looked.
        let project = project.ok_or(Error::NotFound(crate::Object::Task))?;
        Ok(task_view(task, &project))
    }

    pub(super) async fn question_views(&self, worker: &Worker, task: &Task) -> Result<Vec<QuestionView>, Error> {
        let questions = self.store.questions_of_task(worker.user_id, task.id, QUESTIONS_SHOWN).await?;
        Ok(questions.into_iter().map(question_view).collect())
    }
}

fn task_view(task: &Task, project: &Project) -> TaskView {
    TaskView {
        id: task.id,
        project_id: task.project_id,
        project_name: project.name.clone(),
        repository_url: project.repository_url.clone(),
        default_branch: project.default_branch.clone(),
        branch: task.result.branch.clone().unwrap_or_else(|| format!("agent/{}", task.id)),
        title: task.title.clone(),
        description: task.description.clone(),
        state: task.state,
        priority: task.priority,
        depends_on: task.depends_on.clone(),
        parent_id: task.parent_id,
        result: task.result.clone(),
        attempts: task.attempts,
        version: task.version,
    }
}

/// The worker's own hold on a task.
pub(super) fn lease_of(worker: &Worker, task: &Task) -> Option<LeaseView> {
    task.lease.as_ref().filter(|lease| lease.agent_id == worker.agent_id).map(lease_view)
}

pub(super) fn lease_view(lease: &Lease) -> LeaseView {
    LeaseView {
        epoch: lease.epoch,
        expires_at: lease.expires_at,
        heartbeat_every_s: u32::try_from(HEARTBEAT_EVERY.as_secs()).unwrap_or(u32::MAX),
    }
}

pub(super) fn summary(worker: &Worker, task: &Task) -> TaskSummary {
    TaskSummary {
        id: task.id,
        project_id: task.project_id,
        title: task.title.clone(),
        state: task.state,
        priority: task.priority,
        parent_id: task.parent_id,
        held_by_you: task.lease.as_ref().is_some_and(|lease| lease.agent_id == worker.agent_id),
    }
}

fn question_view(question: Question) -> QuestionView {
    let answers = answers(&question);
    QuestionView { question_id: question.id, questions: question.prompts, status: question.status, answers }
}

/// The answers, once there are some.
pub(super) fn answers(question: &Question) -> Option<Vec<domain::Answer>> {
    let is_there = question.status != QuestionStatus::Pending && !question.answers.is_empty();
    is_there.then(|| question.answers.clone())
}
