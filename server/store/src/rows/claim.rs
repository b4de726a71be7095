//! Claims in the form in which they are stored, and what comes of them.

use domain::{Actor, Event, EventId, EventKind, Phase, Subject, Task};

use crate::{
    ClaimRequest, Claimant, Claimed, NewEvent, Result, StoreError,
    columns::{millis, name_of, named, to_json},
    rows::{
        agent::{AgentRow, AgentWithProject, agent},
        event::EventRow,
        task::TaskRows,
    },
};

/// Who wants a task, and from where.
pub struct ClaimRows {
    pub owner: String,
    pub project_id: Option<String>,
    pub now: i64,
    pub until: i64,
    pub agents: Vec<ClaimantRow>,
}

/// An agent that wants a task.
pub struct ClaimantRow {
    pub id: String,
    pub name: String,
    /// The entry on the task's timeline; which task and which epoch is found out in the transaction.
    pub claimed: EventRow,
    /// The entry on the agent's timeline; what it was at before is found out in the transaction.
    pub works: EventRow,
}

/// How a claim ended.
pub enum ClaimedRows {
    Taken(Box<TaskRows>, Option<Box<AgentWithProject>>),
    Resumed(Box<TaskRows>),
    Empty,
    Waiting,
    Full,
    Dead,
}

impl ClaimantRow {
    /// The entry on the task's timeline.
    pub fn claimed(&self, task: &str, epoch: i64) -> Result<EventRow> {
        let kind = to_json("event", &EventKind::TaskClaimed { epoch })?;
        Ok(EventRow { task_id: Some(task.to_owned()), agent_id: None, kind, ..self.claimed.clone() })
    }

    /// The entry on the agent's timeline, and the agent as it is from then on; nothing when it was at work before, or is on
    /// its way up or down.
    pub fn works(&self, before: AgentWithProject, now: i64) -> Result<Option<(EventRow, AgentWithProject)>> {
        let (row, project, mode, step) = before;
        let from: Phase = named("phase", &row.phase)?;
        if from == Phase::Working || !from.has_terminal() {
            return Ok(None);
        }
        let to = Phase::Working;
        let reason = row.reason.as_ref().map(|reason| named("reason", reason)).transpose()?;
        let kind = EventKind::AgentPhaseChanged { from, to, reason, message: row.message.clone() };
        let entry = EventRow { kind: to_json("event", &kind)?, ..self.works.clone() };
        Ok(Some((entry, (AgentRow { phase: name_of(&to), phase_since: now, ..row }, project, mode, step))))
    }
}

impl TryFrom<&ClaimRequest> for ClaimRows {
    type Error = StoreError;

    fn try_from(request: &ClaimRequest) -> Result<Self> {
        let ClaimRequest { owner, project_id, now, until, agents } = request;
        let row = |claimant: &Claimant| {
            let Claimant { agent_id, agent_name, actor, event_id, phase_event_id } = claimant;
            let event = |id: EventId, actor: Actor, kind| {
                let event = Event { id, at: *now, actor, kind };
                EventRow::try_from(&NewEvent { subject: Subject::Agent(*agent_id), event })
            };
            let works = EventKind::AgentPhaseChanged {
                from: Phase::Idle,
                to: Phase::Working,
                reason: None,
                message: String::new(),
            };
            Ok(ClaimantRow {
                id: agent_id.to_string(),
                name: agent_name.clone(),
                claimed: event(*event_id, actor.clone(), EventKind::TaskClaimed { epoch: 0 })?,
                works: event(*phase_event_id, Actor::system(), works)?,
            })
        };
        Ok(Self {
            owner: owner.to_string(),
            project_id: project_id.map(|id| id.to_string()),
            now: millis(*now),
            until: millis(*until),
            agents: agents.iter().map(row).collect::<Result<_>>()?,
        })
    }
}

impl TryFrom<ClaimedRows> for Claimed {
    type Error = StoreError;

    fn try_from(rows: ClaimedRows) -> Result<Self> {
        let task = |rows: Box<TaskRows>| Task::try_from(*rows).map(Box::new);
        Ok(match rows {
            ClaimedRows::Taken(rows, at_work) => {
                Self::Taken { task: task(rows)?, agent: at_work.map(|row| agent(*row).map(Box::new)).transpose()? }
            }
            ClaimedRows::Resumed(rows) => Self::Resumed(task(rows)?),
            ClaimedRows::Empty => Self::BacklogEmpty,
            ClaimedRows::Waiting => Self::WaitingForOthers,
            ClaimedRows::Full => Self::WorkingLimit,
            ClaimedRows::Dead => Self::AgentDead,
        })
    }
}
