//! One agent: what it is, how it is, and what happened.

use domain::{Agent, AgentId};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    api::agents::{agent_logs, agent_timeline, get_agent},
    components::{
        agent_actions::{AgentActions, AgentCommands, AgentDialogs},
        dialog::dialog_state,
        empty_state::EmptyState,
        icon::{Drawing, Icon},
        load::LoadError,
        page_header::{Crumb, PageHeader},
        phase_badge::{PhaseBadge, PhaseReason},
        skeleton::TableSkeleton,
        time::{Manner, Time},
        timeline::Timeline,
    },
    error::ApiError,
    lean::view,
    state::agents,
};

/// One agent.
#[component]
pub fn AgentDetail() -> impl IntoView {
    let agent = agent_of_address();
    view! {
        <Suspense fallback=|| view! { <div class="page"><TableSkeleton /></div> }>
            {move || Suspend::new(async move {
                match agent.await {
                    Ok(agent) => view! { <AgentPage first=agent /> }.into_any(),
                    Err(error) => view! { <div class="page"><LoadError error /></div> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

/// The agent that the page's address names.
pub fn agent_of_address() -> Resource<Result<Agent, ApiError>> {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").and_then(|id| id.parse::<AgentId>().ok()));
    Resource::new(move || id.get(), |id| async move { get_agent(id.ok_or_else(no_such_agent)?).await })
}

/// The answer for an address that has no id in it; the same as for an id that nobody has.
fn no_such_agent() -> ApiError {
    #[cfg(feature = "ssr")]
    crate::api::context::answer_status(domain::ErrorCode::NotFound);
    ApiError::new(domain::ErrorCode::NotFound, "There is no such agent, or it is not yours.")
}

#[component]
fn AgentPage(first: Agent) -> impl IntoView {
    let (id, name) = (first.id, first.name.clone());
    AgentCommands::provide(Some(first.clone()), dialog_state("delete"));
    let followed = agents::follow_one(first.clone());
    let agent = Memo::new(move |last: Option<&Agent>| {
        followed.get().or_else(|| last.cloned()).unwrap_or_else(|| first.clone())
    });
    view! {
        <PageHeader title=name crumbs=vec![Crumb { text: "Agents".into(), href: "/agents".into() }]>
            <AgentActions agent />
        </PageHeader>
        <Show when=move || followed.with(Option::is_some) fallback=Gone>
            <div class="page two-columns">
                <div class="main-part">
                    <div class="phase-panel">
                        <PhaseBadge phase=Signal::derive(move || agent.with(|agent| agent.phase)) />
                        {move || view! {
                            <span class="quiet">
                                "for "
                                <Time at=agent.with(|agent| agent.phase_since) manner=Manner::Lasted />
                            </span>
                        }}
                        <PhaseReason agent />
                    </div>
                    <section class="section" aria-labelledby="log">
                        <h2 id="log">"Start-up log"</h2>
                        <LogTail id />
                    </section>
                    <History agent />
                </div>
                <Facts agent />
            </div>
        </Show>
        <AgentDialogs />
    }
}

#[component]
fn Gone() -> impl IntoView {
    view! {
        <div class="page">
            <EmptyState heading="This agent is gone" text="It was deleted, and nothing of it is left.">
                <a class="button" href="/agents">"Go to agents"</a>
            </EmptyState>
        </div>
    }
}

#[component]
fn Facts(agent: Memo<Agent>) -> impl IntoView {
    let Agent { project_id, project_name, pod_name, start_command, limits, created_at, .. } = agent.get_untracked();
    let command = if start_command.is_empty() {
        view! { <span class="quiet">"A shell"</span> }.into_any()
    } else {
        view! { <span class="code">{start_command}</span> }.into_any()
    };
    view! {
        <aside class="facts" aria-label="Facts">
            <dl>
                <dt>"Project"</dt>
                <dd><a href=format!("/projects/{project_id}")>{project_name}</a></dd>
                <dt>"Wanted"</dt>
                <dd>{move || agent.with(|agent| agent.desired.label())}</dd>
                <dt>"Start command"</dt>
                <dd>{command}</dd>
                <dt>"Limits"</dt>
                <dd>{format!("{} MiB memory, {} processes", limits.memory_mib, limits.processes)}</dd>
                <dt>"Pod"</dt>
                <dd class="code clip" title=pod_name.clone()>{pod_name.clone()}</dd>
                <dt>"Launched"</dt>
                <dd><Time at=created_at /></dd>
            </dl>
        </aside>
    }
}

/// The timeline; read again when the agent changes.
#[component]
fn History(agent: Memo<Agent>) -> impl IntoView {
    let id = agent.with_untracked(|agent| agent.id);
    let moment = Memo::new(move |_| agent.with(|agent| (agent.phase_since, agent.generation)));
    let events = Resource::new(move || moment.get(), move |_| agent_timeline(id));
    view! {
        <section class="section" aria-labelledby="timeline">
            <h2 id="timeline">"Timeline"</h2>
            <Transition fallback=|| view! { <TableSkeleton rows=3 /> }>
                {move || Suspend::new(async move {
                    match events.await {
                        Ok(events) => view! { <Timeline events /> }.into_any(),
                        Err(error) => view! { <LoadError error /> }.into_any(),
                    }
                })}
            </Transition>
        </section>
    }
}

/// The last lines that an agent's start-up printed.
#[component]
pub fn LogTail(
    /// The agent.
    id: AgentId,
) -> impl IntoView {
    let log = Resource::new(|| (), move |()| agent_logs(id));
    view! {
        <Transition fallback=|| view! { <pre class="log" aria-busy="true"></pre> }>
            {move || Suspend::new(async move {
                match log.await {
                    Ok(text) if text.trim().is_empty() => view! { <p class="quiet">"Nothing was printed."</p> }.into_any(),
                    Ok(text) => view! { <pre class="log" tabindex="0" role="region" aria-label="Log lines">{text}</pre> }.into_any(),
                    Err(error) => view! { <p class="field-error">{error.message}</p> }.into_any(),
                }
            })}
        </Transition>
        <button type="button" class="button small ghost" on:click=move |_| log.refetch()>
            <Icon of=Drawing::Refresh />
            "Read again"
        </button>
    }
}
