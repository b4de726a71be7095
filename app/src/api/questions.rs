//! Questions of agents and their answers.

use domain::{AgentId, Answer, Question, QuestionId, TaskId};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::context;
use super::fields::Fields;
use crate::error::ApiError;

/// The open questions of the caller's agents, oldest first.
#[server(name = ListQuestions, prefix = "/_fn", endpoint = "questions/list", input = Fields)]
pub async fn list_questions() -> Result<Vec<Question>, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.questions().list(&caller).await?)
}

/// The questions about a task, oldest first.
#[server(name = TaskQuestions, prefix = "/_fn", endpoint = "questions/of_task", input = Fields)]
pub async fn task_questions(id: TaskId) -> Result<Vec<Question>, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.questions().of_task(&caller, id).await?)
}

/// The questions of an agent, oldest first.
#[server(name = AgentQuestions, prefix = "/_fn", endpoint = "questions/of_agent", input = Fields)]
pub async fn agent_questions(id: AgentId) -> Result<Vec<Question>, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.questions().of_agent(&caller, id).await?)
}

/// Answers a question: one answer for each prompt.
#[server(name = AnswerQuestion, prefix = "/_fn", endpoint = "questions/answer", input = Fields)]
pub async fn answer_question(id: QuestionId, #[server(default)] answers: Vec<Answer>) -> Result<Question, ApiError> {
    let caller = context::caller()?;
    let question = context::services()?.questions().answer(&caller, id, domain::NewAnswers { answers }).await?;
    context::form_goes_to("/questions");
    Ok(question)
}
