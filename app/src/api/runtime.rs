//! What agents run in.

use domain::{AgentId, RuntimeEvent, RuntimeTrouble};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::context;
use super::fields::Fields;
use crate::error::ApiError;

/// Why the runtime cannot be worked with; nothing when it can.
#[server(name = Trouble, prefix = "/_fn", endpoint = "runtime/trouble", input = Fields)]
pub async fn runtime_trouble() -> Result<Option<RuntimeTrouble>, ApiError> {
    context::caller()?;
    Ok(context::services()?.runtime_trouble())
}

/// What the runtime says has happened to an agent, oldest first.
#[server(name = RuntimeEvents, prefix = "/_fn", endpoint = "runtime/events", input = Fields)]
pub async fn runtime_events(id: AgentId) -> Result<Vec<RuntimeEvent>, ApiError> {
    let caller = context::caller()?;
    context::of_a_part(context::services()?.agents().runtime_events(&caller, id).await)
}
