//! The terminal (placeholder until its module arrives).

use domain::AgentId;
use leptos::prelude::*;

/// The import map of the page.
pub const IMPORT_MAP: &str = "{}";

/// An agent's terminal.
#[component]
pub fn Terminal(
    /// The agent.
    agent_id: AgentId,
) -> impl IntoView {
    let _ = agent_id;
    view! { <section role="region" aria-label="Terminal" class="terminal"></section> }
}
