//! What one call of an agent writes, in the form in which it is stored, and rows of `answered_calls`.

use diesel::prelude::*;

use crate::{
    Answered, Fence, FenceTime, Renewal, Result, StoreError, Work,
    columns::{millis, to_json},
    rows::{
        event::EventRow,
        question::{CloseRow, QuestionRow},
        task::TaskRows,
    },
    schema::answered_calls,
};

/// A row of `answered_calls`.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = answered_calls)]
pub struct AnsweredRow {
    pub agent_id: String,
    pub call_key: String,
    pub fingerprint: String,
    pub answer: String,
    pub created_at: i64,
}

/// Who must hold the task.
pub struct FenceRow {
    pub task_id: String,
    pub agent_id: Option<String>,
    pub epoch: i64,
    pub at: i64,
    pub is_expired: bool,
}

/// How a lease is made longer or shorter.
pub struct RenewalRow {
    pub task_id: String,
    pub until: i64,
    pub only_later: bool,
}

/// What one call writes.
pub struct WorkRows {
    pub owner: String,
    pub fence: Option<FenceRow>,
    pub close: Option<CloseRow>,
    pub task: Option<(TaskRows, i64)>,
    pub renewal: Option<RenewalRow>,
    pub report: Option<(String, String)>,
    pub new_task: Option<TaskRows>,
    pub question: Option<QuestionRow>,
    pub events: Vec<EventRow>,
    pub answered: Option<AnsweredRow>,
}

impl From<&Answered> for AnsweredRow {
    fn from(answered: &Answered) -> Self {
        let Answered { agent_id, key, fingerprint, answer, at } = answered;
        Self {
            agent_id: agent_id.to_string(),
            call_key: key.clone(),
            fingerprint: fingerprint.clone(),
            answer: answer.clone(),
            created_at: millis(*at),
        }
    }
}

impl From<&Fence> for FenceRow {
    fn from(fence: &Fence) -> Self {
        let Fence { task_id, agent_id, epoch, time } = fence;
        let (at, is_expired) = match time {
            FenceTime::AliveAt(at) => (millis(*at), false),
            FenceTime::ExpiredAt(at) => (millis(*at), true),
            FenceTime::Any => (i64::MIN, false),
        };
        Self {
            task_id: task_id.to_string(),
            agent_id: agent_id.map(|id| id.to_string()),
            epoch: *epoch,
            at,
            is_expired,
        }
    }
}

impl From<&Renewal> for RenewalRow {
    fn from(Renewal { task_id, until, only_later }: &Renewal) -> Self {
        Self { task_id: task_id.to_string(), until: millis(*until), only_later: *only_later }
    }
}

impl TryFrom<&Work> for WorkRows {
    type Error = StoreError;

    fn try_from(work: &Work) -> Result<Self> {
        let task = work.task.as_ref().map(|(task, version)| Ok::<_, StoreError>((TaskRows::try_from(task)?, *version)));
        let report =
            work.report.as_ref().map(|(id, report)| Ok::<_, StoreError>((id.to_string(), to_json("report", report)?)));
        Ok(Self {
            owner: work.owner.to_string(),
            fence: work.fence.as_ref().map(FenceRow::from),
            close: work.close.as_ref().map(CloseRow::try_from).transpose()?,
            task: task.transpose()?,
            renewal: work.renewal.as_ref().map(RenewalRow::from),
            report: report.transpose()?,
            new_task: work.new_task.as_ref().map(TaskRows::try_from).transpose()?,
            question: work.question.as_ref().map(|question| QuestionRow::new(work.owner, question)).transpose()?,
            events: work.events.iter().map(EventRow::try_from).collect::<Result<_>>()?,
            answered: work.answered.as_ref().map(AnsweredRow::from),
        })
    }
}
