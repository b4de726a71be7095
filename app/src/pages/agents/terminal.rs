//! An agent's terminal on a page of its own.

use domain::{Agent, terminal::KeptText};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::detail::terminal_of_address;
use crate::{
    components::{
        agent_actions::{AgentActions, AgentCommands, AgentDialogs},
        dialog::dialog_state,
        frame::lead_to_sign_in,
        icon::{Drawing, Icon},
        last_screen::LastScreen,
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
    let terminal = terminal_of_address();
    Live::of_page().open();
    desktop::follow();
    let attached = when_read(skeleton::nothing, move || async move {
        Ok(match terminal.get().await? {
            (Some(first), kept) => view! { <Attached first kept /> },
            (None, Some(kept)) => view! { <Left kept /> },
            (None, None) => skeleton::nothing(),
        })
    });
    view! {
        {attached}
        <ToastList />
    }
}

/// What is left of the terminal of an agent that is gone.
#[component]
fn Left(kept: KeptText) -> impl IntoView {
    let name = kept.of.agent_name.clone();
    view! {
        <PageTitle text=name.clone() />
        <main class="terminal-page">
            <header class="terminal-bar">
                <a class="button ghost square" href="/agents" aria-label="Back to the agents" title="Back to the agents">
                    <Icon of=Drawing::Back />
                </a>
                <h1>{name}</h1>
                <p class="quiet">"This agent was deleted."</p>
            </header>
            <LastScreen kept />
        </main>
    }
}

#[component]
fn Attached(first: Agent, kept: Option<KeptText>) -> impl IntoView {
    let (id, name, pod) = (first.id, first.name.clone(), first.pod_name.clone());
    AgentCommands::provide(Some(first.clone()), dialog_state("delete"));
    let followed = agents::follow_one(first.clone());
    let agent = Memo::new(move |last: Option<&Agent>| {
        followed.get().or_else(|| last.cloned()).unwrap_or_else(|| first.clone())
    });
    let ready = Signal::derive(move || agent.with(|agent| agent.phase.has_terminal()));
    // What was kept makes room for the terminal once that is there. From then on the terminal itself shows what was last on it.
    let is_live = Memo::new(move |last: Option<&bool>| last == Some(&true) || ready.get());
    let kept = StoredValue::new(kept);
    let watch = use_query_map().with_untracked(|query| query.get("watch").is_some());
    let screen = move || match kept.get_value().filter(|_| !is_live.get()) {
        Some(kept) => view! { <LastScreen kept /> },
        None => view! { <Terminal agent_id=id ready watch /> },
    };
    // The page is loaded anew: the other role is another connection.
    let (other, role) = if watch { ("?", "Type in it") } else { ("?watch", "Only watch") };
    view! {
        <PageTitle text=name.clone() />
        <main class="terminal-page">
            <header class="terminal-bar">
                <a class="button ghost square" href=agent_address(id) aria-label="Back to the agent" title="Back to the agent">
                    <Icon of=Drawing::Back />
                </a>
                <h1 title=format!("Agent Terminal - {pod}")>{name}</h1>
                <PhaseBadge phase=Signal::derive(move || agent.with(|agent| agent.phase)) />
                <a class="button small ghost" href=other rel="external">{role}</a>
                <AgentActions agent without_terminal=true />
            </header>
            {screen}
        </main>
        <AgentDialogs />
    }
}
