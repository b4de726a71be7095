//! An agent's terminal on a page of its own.

use domain::Agent;
use leptos::prelude::*;

use super::detail::agent_of_address;
use crate::{
    components::{
        agent_actions::{AgentActions, AgentCommands, AgentDialogs},
        dialog::dialog_state,
        frame::lead_to_sign_in,
        icon::{Drawing, Icon},
        launch::agent_address,
        load::when_read,
        page_title::PageTitle,
        phase_badge::PhaseBadge,
        skeleton,
        terminal::Terminal,
        toast_list::ToastList,
    },
    lean::view,
    state::{agents, desktop, live::Live, session},
};

/// An agent's terminal.
#[component]
pub fn TerminalPage() -> impl IntoView {
    if session::current().user.is_none() {
        lead_to_sign_in();
        return ().into_any();
    }
    let agent = agent_of_address();
    Live::of_page().open();
    desktop::follow();
    let attached = when_read(skeleton::nothing, move || async move {
        let first = agent.get().await?;
        Ok(view! { <Attached first /> })
    });
    view! {
        {attached}
        <ToastList />
    }
}

#[component]
fn Attached(first: Agent) -> impl IntoView {
    let (id, name, pod) = (first.id, first.name.clone(), first.pod_name.clone());
    AgentCommands::provide(Some(first.clone()), dialog_state("delete"));
    let followed = agents::follow_one(first.clone());
    let agent = Memo::new(move |last: Option<&Agent>| {
        followed.get().or_else(|| last.cloned()).unwrap_or_else(|| first.clone())
    });
    view! {
        <PageTitle text=name.clone() />
        <main class="terminal-page">
            <header class="terminal-bar">
                <a class="button ghost square" href=agent_address(id) aria-label="Back to the agent" title="Back to the agent">
                    <Icon of=Drawing::Back />
                </a>
                <h1 title=format!("Agent Terminal - {pod}")>{name}</h1>
                <PhaseBadge phase=Signal::derive(move || agent.with(|agent| agent.phase)) />
                <AgentActions agent without_terminal=true />
            </header>
            <Terminal agent_id=id ready=Signal::derive(move || agent.with(|agent| agent.phase.has_terminal())) />
        </main>
        <AgentDialogs />
    }
}
