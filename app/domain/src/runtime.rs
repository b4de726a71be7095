//! What agents run in: what it can do, how it is, and what it says.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Which runtime this installation uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RuntimeKind {
    /// Agents are process trees on the server's host.
    Process,
    /// Agents are pods of a cluster.
    Kubernetes,
}

/// What keeps agents apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SandboxKind {
    /// A container of a cluster.
    Container,
    /// Namespaces of their own, made by bubblewrap.
    Bubblewrap,
    /// Nothing: an agent can read and write what the server can.
    None,
}

/// What this installation's runtime can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuntimeStatus {
    /// Which runtime it is.
    pub kind: RuntimeKind,
    /// What keeps agents apart.
    pub sandbox: SandboxKind,
    /// Whether memory limits are enforced.
    pub limits_memory: bool,
    /// Whether process limits are enforced.
    pub limits_processes: bool,
}

/// Why the runtime cannot be worked with at the moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuntimeTrouble {
    /// Since when.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub since: Timestamp,
    /// What is wrong, as a sentence, and below it what was answered.
    pub message: String,
}

/// Something that a runtime says has happened to an agent, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuntimeEvent {
    /// When it happened last.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// Whether the runtime warns of it.
    pub warning: bool,
    /// What it happened to, such as `Pod`.
    pub about: String,
    /// What happened, in a word, such as `Pulling`.
    pub what: String,
    /// What happened, in a sentence.
    pub message: String,
    /// How often it happened.
    pub times: u32,
}
