//! Rows of `agents`.

use diesel::prelude::*;
use domain::{Agent, AgentLimits, Desired, Phase, UserId};

use crate::{
    LaunchFacts, NewAgent, PhaseChange, Result, StoreError,
    columns::{corrupt, id, millis, moment, name_of, named},
    schema::{agent_tokens, agents},
};

/// A row of `agents`.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = agents)]
pub struct AgentRow {
    pub id: String,
    pub user_id: String,
    pub project_id: String,
    pub name: String,
    pub unique_name: Option<String>,
    pub desired: String,
    pub phase: String,
    pub reason: Option<String>,
    pub message: String,
    pub start_command: String,
    pub memory_mib: i32,
    pub processes: i32,
    pub generation: i64,
    pub created_at: i64,
    pub desired_since: i64,
    pub phase_since: i64,
}

/// A row of `agent_tokens`.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = agent_tokens)]
pub struct AgentTokenRow {
    pub agent_id: String,
    pub id: String,
    pub secret_hash: String,
    pub created_at: i64,
}

/// An agent's row, its project's name, its mode and how far its start has come; servers that did not know modes have stored
/// neither of the last two.
pub type AgentWithProject = (AgentRow, String, Option<String>, Option<String>);

/// How launching an agent ended.
pub enum Launch {
    Inserted(Box<AgentWithProject>),
    NameTaken,
    LimitReached,
    ProjectNotFound,
}

/// An agent with its owner's name, the repository and the branch.
pub type LaunchRow = (AgentWithProject, String, Option<String>, String);

/// What an observation sets.
#[derive(AsChangeset)]
#[diesel(table_name = agents, treat_none_as_null = true)]
pub struct PhaseRow {
    pub phase: String,
    pub reason: Option<String>,
    pub message: String,
    pub phase_since: i64,
}

impl PhaseRow {
    /// What is set, if the phase changes.
    pub fn new(change: &PhaseChange) -> Self {
        Self {
            phase: name_of(&change.phase),
            reason: change.reason.as_ref().map(name_of),
            message: change.message.clone(),
            phase_since: millis(change.at),
        }
    }

    /// Whether the agent's row says all of this already.
    pub fn is_known_to(&self, row: &AgentRow) -> bool {
        self.phase == row.phase && self.reason == row.reason && self.message == row.message
    }
}

impl AgentRow {
    /// The row of a new agent.
    pub fn new(owner: UserId, agent: &NewAgent) -> Result<Self> {
        let NewAgent { id, project_id, name, start_command, mode: _, limits, created_at } = agent;
        let AgentLimits { memory_mib, processes } = *limits;
        Ok(Self {
            id: id.to_string(),
            user_id: owner.to_string(),
            project_id: project_id.to_string(),
            name: name.clone(),
            unique_name: Some(name.clone()),
            desired: name_of(&Desired::Running),
            phase: name_of(&Phase::Pending),
            reason: None,
            message: String::new(),
            start_command: start_command.clone(),
            memory_mib: memory_mib.try_into().map_err(corrupt("memory limit"))?,
            processes: processes.try_into().map_err(corrupt("process limit"))?,
            generation: 1,
            created_at: millis(*created_at),
            desired_since: millis(*created_at),
            phase_since: millis(*created_at),
        })
    }
}

/// An agent as the domain knows it.
pub fn agent((row, project_name, mode, step): AgentWithProject) -> Result<Agent> {
    let agent_id = id("agent id", &row.id)?;
    Ok(Agent {
        id: agent_id,
        user_id: id("user id", &row.user_id)?,
        project_id: id("project id", &row.project_id)?,
        project_name,
        name: row.name,
        pod_name: Agent::pod_name_of(agent_id),
        desired: named("desired state", &row.desired)?,
        phase: named("phase", &row.phase)?,
        reason: row.reason.map(|reason| named("reason", &reason)).transpose()?,
        message: row.message,
        // One that a newer version wrote is of no use to this one.
        step: step.and_then(|step| named("step", &step).ok()),
        start_command: row.start_command,
        mode: mode.map(|mode| named("mode", &mode)).transpose()?.unwrap_or_default(),
        limits: AgentLimits {
            memory_mib: row.memory_mib.try_into().map_err(corrupt("memory limit"))?,
            processes: row.processes.try_into().map_err(corrupt("process limit"))?,
        },
        generation: row.generation,
        created_at: moment("time of an agent", row.created_at)?,
        phase_since: moment("time of an agent", row.phase_since)?,
    })
}

/// What a runtime must know to start an agent.
pub fn launch_facts((row, username, repository_url, default_branch): LaunchRow) -> Result<LaunchFacts> {
    Ok(LaunchFacts { agent: agent(row)?, username, repository_url, default_branch })
}

impl TryFrom<Launch> for crate::InsertAgent {
    type Error = StoreError;

    fn try_from(launch: Launch) -> Result<Self> {
        Ok(match launch {
            Launch::Inserted(row) => Self::Inserted(Box::new(agent(*row)?)),
            Launch::NameTaken => Self::NameTaken,
            Launch::LimitReached => Self::LimitReached,
            Launch::ProjectNotFound => Self::ProjectNotFound,
        })
    }
}
