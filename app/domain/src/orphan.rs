//! Orphans: what the runtime has and the database does not know, and the other way round.

use serde::{Deserialize, Serialize};

use crate::{AgentId, Timestamp};

/// Which of the two sides is alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OrphanKind {
    /// The runtime has something that no agent of the database owns.
    Ownerless,
    /// The database has an agent that was there and of which the runtime has nothing left.
    Missing,
}

impl OrphanKind {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::Ownerless, Self::Missing];

    /// The name as it stands in JSON and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ownerless => "ownerless",
            Self::Missing => "missing",
        }
    }
}

/// One side without the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Orphan {
    /// The agent, as the side that is there names it.
    pub agent_id: AgentId,
    /// Which side is alone.
    pub kind: OrphanKind,
    /// What there is of it: objects of the cluster, a folder, or what the database says.
    pub found: String,
    /// The agent's name, where it is known.
    pub name: Option<String>,
    /// Its owner's name, where there is such an account.
    pub owner: Option<String>,
    /// When this server noticed it first.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub since: Timestamp,
    /// When it will be removed by itself; nothing when a person must decide.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub removed_at: Option<Timestamp>,
    /// Whether it can be repaired: given back to its owner, or made anew.
    pub can_repair: bool,
}
