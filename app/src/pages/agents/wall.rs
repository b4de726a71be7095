//! The terminals of all agents that run, small and side by side, to look at.

use domain::{Agent, AgentId};
use leptos::prelude::*;

use crate::{
    api::agents::list_agents,
    components::{load::when_read, page_header::PageHeader, phase_badge::PhaseBadge, skeleton, terminal::Terminal},
    lean::view,
    state::{agents, reading::read_once},
};

/// Most terminals on one wall. A browser draws more of them, but nobody reads them.
const TILES_MAX: usize = 24;

/// The terminals of all agents that run.
#[component]
pub fn Wall() -> impl IntoView {
    let agents = read_once(list_agents);
    let wall = when_read(skeleton::table, move || async move {
        let mut agents = agents.get().await?;
        // The newest first, as everywhere: they are the ones that have a place.
        agents.reverse();
        Ok(view! { <Tiles agents /> })
    });
    view! {
        <PageHeader title="Wall" />
        <div class="page">{wall}</div>
    }
}

#[component]
fn Tiles(agents: Vec<Agent>) -> impl IntoView {
    let agents = agents::follow_all(agents);
    let shown = Memo::new(move |_| {
        let running = |agents: &Vec<Agent>| {
            agents.iter().filter(|agent| agent.phase.has_terminal()).map(|agent| agent.id).collect::<Vec<_>>()
        };
        agents.with(running)
    });
    let tile = move |id: AgentId| {
        let Some(agent) = agents.with_untracked(|agents| agents.iter().find(|agent| agent.id == id).cloned()) else {
            return ().into_any();
        };
        let first = agent.phase;
        let phase = Memo::new(move |last: Option<&domain::Phase>| {
            let now = agents.with(|agents| agents.iter().find(|agent| agent.id == id).map(|agent| agent.phase));
            now.or(last.copied()).unwrap_or(first)
        });
        view! {
            <article class="wall__tile" aria-label=agent.name.clone()>
                <h2>
                    <a href=format!("/agent-terminal/{id}")>{agent.name.clone()}</a>
                    " "
                    <PhaseBadge phase />
                </h2>
                <Terminal agent_id=id watch=true plain=true />
            </article>
        }
    };
    let left_out = Memo::new(move |_| shown.with(|shown| shown.len().saturating_sub(TILES_MAX)));
    view! {
        <Show when=move || shown.with(Vec::is_empty)>
            <p class="quiet">"None of your agents runs."</p>
        </Show>
        <div class="wall">
            <For
                each=move || shown.with(|shown| shown.iter().take(TILES_MAX).copied().collect::<Vec<_>>())
                key=|id| *id
                children=tile
            />
        </div>
        <Show when=move || { left_out.get() > 0 }>
            <p class="quiet">{move || format!("{} more run and have no place here.", left_out.get())}</p>
        </Show>
    }
}
