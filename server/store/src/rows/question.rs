//! Rows of `questions`.

use diesel::prelude::*;
use domain::{Question, UserId};

use crate::{
    Result, StoreError,
    columns::{from_json, id, millis, moment, name_of, named, to_json},
    schema::questions,
};

/// A row of `questions`.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = questions)]
pub struct QuestionRow {
    pub id: String,
    pub user_id: String,
    pub agent_id: String,
    pub project_id: String,
    pub task_id: Option<String>,
    pub agent_name: String,
    pub prompts: String,
    pub blocking: i32,
    pub default_option: Option<String>,
    pub status: String,
    pub answers: String,
    pub answered_by: Option<String>,
    pub asked_at: i64,
    pub expires_at: i64,
    pub closed_at: Option<i64>,
}

/// A question's row and its task's title.
pub type QuestionWithTitle = (QuestionRow, Option<String>);

/// How questions are closed: those of a task, or one.
pub struct CloseRow {
    pub task_id: Option<String>,
    pub id: Option<String>,
    pub status: String,
    pub answers: String,
    pub answered_by: Option<String>,
    pub closed_at: i64,
}

impl QuestionRow {
    /// The row of a question to a user.
    pub fn new(user: UserId, question: &Question) -> Result<Self> {
        Ok(Self {
            id: question.id.to_string(),
            user_id: user.to_string(),
            agent_id: question.agent_id.to_string(),
            project_id: question.project_id.to_string(),
            task_id: question.task_id.map(|id| id.to_string()),
            agent_name: question.agent_name.clone(),
            prompts: to_json("question", &question.prompts)?,
            blocking: question.blocking.into(),
            default_option: question.default_option.clone(),
            status: name_of(&question.status),
            answers: to_json("answers", &question.answers)?,
            answered_by: question.answered_by.clone(),
            asked_at: millis(question.asked_at),
            expires_at: millis(question.expires_at),
            closed_at: question.closed_at.map(millis),
        })
    }
}

/// A question and its owner as the domain knows them.
pub fn question((row, task_title): QuestionWithTitle) -> Result<(UserId, Question)> {
    let what = "time of a question";
    let question = Question {
        id: id("question id", &row.id)?,
        agent_id: id("agent id", &row.agent_id)?,
        agent_name: row.agent_name,
        project_id: id("project id", &row.project_id)?,
        task_id: row.task_id.map(|text| id("task id", &text)).transpose()?,
        task_title,
        prompts: from_json("question", &row.prompts)?,
        blocking: row.blocking != 0,
        default_option: row.default_option,
        status: named("question status", &row.status)?,
        answers: from_json("answers", &row.answers)?,
        answered_by: row.answered_by,
        asked_at: moment(what, row.asked_at)?,
        expires_at: moment(what, row.expires_at)?,
        closed_at: row.closed_at.map(|at| moment(what, at)).transpose()?,
    };
    Ok((id("user id", &row.user_id)?, question))
}

impl TryFrom<&crate::CloseQuestions> for CloseRow {
    type Error = StoreError;

    fn try_from(close: &crate::CloseQuestions) -> Result<Self> {
        let (task_id, id) = match close.which {
            crate::WhichQuestions::OfTask(id) => (Some(id.to_string()), None),
            crate::WhichQuestions::One(id) => (None, Some(id.to_string())),
        };
        Ok(Self {
            task_id,
            id,
            status: name_of(&close.status),
            answers: to_json("answers", &close.answers)?,
            answered_by: close.answered_by.clone(),
            closed_at: millis(close.at),
        })
    }
}
