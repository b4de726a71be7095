//! Leases: an agent's time-limited hold on a task, and what the agent last said about it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{AgentId, Timestamp};

/// How long a lease lasts after the agent's last call.
pub const LEASE_TTL: Duration = Duration::from_mins(10);
/// How often an agent shall make itself heard while it works.
pub const HEARTBEAT_EVERY: Duration = Duration::from_mins(3);
/// How long a lease still lasts when its agent was seen to have ended: it may come back.
pub const LEASE_AFTER_DEATH: Duration = Duration::from_mins(1);
/// How often a task is lost by agents before it needs a person's attention.
pub const ATTEMPTS_MAX: u32 = 3;

/// An agent's time-limited hold on a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lease {
    /// The agent that holds the task.
    pub agent_id: AgentId,
    /// Its name.
    pub agent_name: String,
    /// Counts the leases of this task. Whoever writes with an older one is refused.
    pub epoch: i64,
    /// When the agent took the task.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub claimed_at: Timestamp,
    /// When the task goes back, unless the agent calls before.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub expires_at: Timestamp,
}

/// What an agent last said about its task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Report {
    /// The agent's name.
    pub agent_name: String,
    /// What it does, in a line.
    pub summary: String,
    /// How much of the task is done, from 0 to 100, as the agent estimates it.
    pub percent: Option<u32>,
    /// The address of something to look at.
    pub link: Option<String>,
    /// When it said so.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
}
