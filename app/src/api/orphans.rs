//! Orphans, for those who run this installation.

use domain::{AgentId, Orphan};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use super::context;
use super::fields::Fields;
use crate::error::ApiError;

/// What can be done with an orphan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mending {
    /// Give it back to its owner, or make it anew.
    Repair,
    /// Leave nothing of it.
    Remove,
}

/// Every orphan.
#[server(name = ListOrphans, prefix = "/_fn", endpoint = "orphans/list", input = Fields)]
pub async fn list_orphans() -> Result<Vec<Orphan>, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.installation().orphans(&caller).await?)
}

/// Repairs or removes an orphan.
#[server(name = MendOrphan, prefix = "/_fn", endpoint = "orphans/mend", input = Fields)]
pub async fn mend_orphan(id: AgentId, how: Mending) -> Result<(), ApiError> {
    let caller = context::caller()?;
    let installation = context::services()?.installation();
    match how {
        Mending::Repair => installation.repair_orphan(&caller, id).await?,
        Mending::Remove => installation.remove_orphan(&caller, id).await?,
    }
    context::form_goes_to("/settings/orphans");
    Ok(())
}
