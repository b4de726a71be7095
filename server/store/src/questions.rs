//! Questions of agents. They are asked and closed together with what else a call changes: see
//! [`write_work`](Store::write_work).

use domain::{AgentId, Question, QuestionId, TaskId, Timestamp, UserId};

use crate::{Result, Store, columns::millis, rows::question::question};

impl Store {
    /// The owner's question.
    pub async fn question(&self, owner: UserId, id: QuestionId) -> Result<Option<Question>> {
        let (owner, id) = (owner.to_string(), id.to_string());
        let found = dispatch!(self, questions::find(&owner, &id))?;
        found.map(|row| question(row).map(|(_, question)| question)).transpose()
    }

    /// The owner's open questions, oldest first.
    pub async fn open_questions(&self, owner: UserId) -> Result<Vec<Question>> {
        let owner = owner.to_string();
        dispatch!(self, questions::open(&owner))?.into_iter().map(|row| Ok(question(row)?.1)).collect()
    }

    /// The last `limit` questions about the owner's task, newest last.
    pub async fn questions_of_task(&self, owner: UserId, task: TaskId, limit: u32) -> Result<Vec<Question>> {
        let (owner, task, limit) = (owner.to_string(), task.to_string(), i64::from(limit));
        let newest_first = dispatch!(self, questions::of_task(&owner, &task, limit))?;
        newest_first.into_iter().rev().map(|row| Ok(question(row)?.1)).collect()
    }

    /// The last `limit` questions of the owner's agent, newest last.
    pub async fn questions_of_agent(&self, owner: UserId, agent: AgentId, limit: u32) -> Result<Vec<Question>> {
        let (owner, agent, limit) = (owner.to_string(), agent.to_string(), i64::from(limit));
        let newest_first = dispatch!(self, questions::of_agent(&owner, &agent, limit))?;
        newest_first.into_iter().rev().map(|row| Ok(question(row)?.1)).collect()
    }

    /// Open questions of everybody whose time has passed, with their owners. For the reaper only.
    pub async fn expired_questions(&self, now: Timestamp, limit: u32) -> Result<Vec<(UserId, Question)>> {
        let (now, limit) = (millis(now), i64::from(limit));
        dispatch!(self, questions::expired(now, limit))?.into_iter().map(question).collect()
    }
}
