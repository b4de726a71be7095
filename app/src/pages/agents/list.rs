//! All agents, live.

use domain::{Agent, AgentId, FirstAgents, LiveEvent, Phase, Reason, Timestamp};
use leptos::{ev, prelude::*};
use leptos_router::hooks::use_query_map;
use wasm_bindgen::JsCast as _;

use crate::{
    api::{
        agents::{first_agents, gone_agents},
        projects::list_projects,
    },
    components::{
        agent_actions::{AgentActions, AgentCommands, AgentDialogs},
        empty_state::EmptyState,
        launch::{LaunchButton, agent_address},
        load::{when_read, while_read},
        page_header::PageHeader,
        phase_badge::{PhaseReason, badge},
        skeleton,
        start_steps::StartSteps,
        time::{self, Manner, Time},
    },
    escape::html,
    inert::{Inert, inert},
    lean::view,
    pages::agents::detail::LogTail,
    state::{
        agents::{self, ListedAgents},
        clock,
        live::Live,
        reading::{read, read_once},
    },
};

/// Rows of a long list that are shown at first, and that one press adds.
const ROWS: u32 = 100;

/// All agents.
#[component]
pub fn Agents() -> impl IntoView {
    let rows = use_query_map().with_untracked(|query| query.get("rows").and_then(|rows| rows.parse().ok()));
    let rows = rows.unwrap_or(ROWS).max(ROWS);
    let first = read_once(move || first_agents(rows));
    let list = when_read(skeleton::table, move || async move {
        let first = first.get().await?;
        Ok(view! { <AgentList first rows /> })
    });
    view! {
        <PageHeader title="Agents" />
        <div class="page">{list}</div>
    }
}

#[component]
fn AgentList(first: FirstAgents, rows: u32) -> impl IntoView {
    let rows = rows.max(u32::try_from(first.agents.len()).unwrap_or(u32::MAX));
    let agents = ListedAgents::follow(first);
    AgentCommands::provide(None, RwSignal::new(false));
    let (filter, rows) = (RwSignal::new(None::<Group>), RwSignal::new(rows));
    let ids = Memo::new(move |_| {
        let (group, rows) = (filter.get(), rows.get() as usize);
        agents.here.with(|agents| {
            let shown = agents.iter().filter(|agent| is_in(group, agent.phase));
            shown.map(|agent| agent.id).take(rows).collect::<Vec<_>>()
        })
    });
    view! {
        <Show when=move || agents.here.with(|agents| !agents.is_empty()) fallback=NoAgents>
            <Filters agents filter />
            <AgentTable agents filter ids />
            <MoreRows agents filter ids rows />
            <p class="below-table">
                <a href="/wall">"Watch all terminals"</a>
            </p>
        </Show>
        <GoneAgents />
        <AgentDialogs />
    }
}

/// Agents that were deleted, as long as their last screens are kept; read again when one more goes.
#[component]
fn GoneAgents() -> impl IntoView {
    let news = RwSignal::new(0_u32);
    Live::of_page().listen(move |event| {
        if matches!(event, LiveEvent::AgentRemoved { .. }) {
            news.update(|news| *news += 1);
        }
    });
    let gone = read(move || news.get().to_string(), gone_agents);
    while_read(skeleton::nothing, move || async move {
        let gone = gone.get().await?;
        if gone.is_empty() {
            return Ok(skeleton::nothing());
        }
        let line = |kept: domain::terminal::KeptTerminal| {
            view! {
                <li>
                    <a href=format!("/agent-terminal/{}", kept.agent_id)>{kept.agent_name}</a>
                    " "
                    <span class="quiet"><Time at=kept.captured_at /></span>
                </li>
            }
        };
        Ok(view! {
            <details class="section">
                <summary>"Recently deleted"</summary>
                <ul class="plain">{gone.into_iter().map(line).collect_view()}</ul>
            </details>
        })
    })
}

/// What a lead asks: who works, who waits for me, who is free, who is on the way, who is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Waiting,
    Working,
    Idle,
    Moving,
    Failed,
    Stopped,
}

impl Group {
    const ALL: [Self; 6] = [Self::Waiting, Self::Working, Self::Idle, Self::Moving, Self::Failed, Self::Stopped];

    const fn of(phase: Phase) -> Self {
        match phase {
            Phase::Waiting => Self::Waiting,
            Phase::Working => Self::Working,
            Phase::Idle => Self::Idle,
            Phase::Pending | Phase::Starting | Phase::Stopping => Self::Moving,
            Phase::Failed => Self::Failed,
            Phase::Stopped => Self::Stopped,
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Working => "Working",
            Self::Idle => "Idle",
            Self::Moving => "On the way",
            Self::Failed => "Failed",
            Self::Stopped => "Stopped",
        }
    }
}

/// Whether the phase is of this kind; all are when none is asked for.
fn is_in(group: Option<Group>, phase: Phase) -> bool {
    group.is_none_or(|group| Group::of(phase) == group)
}

/// How many there are of this kind, or of all.
fn count(agents: ListedAgents, group: Option<Group>) -> usize {
    agents.count(|phase| is_in(group, phase))
}

/// How many there are of each kind; pressing one shows only those.
#[component]
fn Filters(agents: ListedAgents, filter: RwSignal<Option<Group>>) -> impl IntoView {
    let count = move |group| count(agents, group);
    let button = move |group: Option<Group>| {
        let label = group.map_or("All", Group::label);
        view! {
            <button
                type="button"
                class="filter"
                class:none=move || group.is_some() && count(group) == 0
                aria-pressed=move || if filter.get() == group { "true" } else { "false" }
                on:click=move |_| {
                    filter.set(group);
                    if agents.failed.get_untracked() {
                        agents.read_all();
                    }
                }
            >
                {label}
                " "
                <span class="count">{move || count(group)}</span>
            </button>
        }
    };
    let groups = Group::ALL.map(|group| button(Some(group))).collect_view();
    view! { <div class="filters" role="group" aria-label="Show">{button(None)} {groups}</div> }
}

#[component]
fn AgentTable(agents: ListedAgents, filter: RwSignal<Option<Group>>, ids: Memo<Vec<AgentId>>) -> impl IntoView {
    let now = clock::now();
    let row = move |id: AgentId| {
        let Some(agent) = agents::one_of(agents.here, id) else {
            return ().into_any();
        };
        view! { <AgentRow agent now /> }
    };
    view! {
        <table class="table agents" role="table" aria-label="Agents">
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"Agent"</th>
                    <th role="columnheader" scope="col">"Project"</th>
                    <th role="columnheader" scope="col">"Phase"</th>
                    <th role="columnheader" scope="col">"For"</th>
                    <th role="columnheader" scope="col"><span class="visually-hidden">"Actions"</span></th>
                </tr>
            </thead>
            <tbody role="rowgroup">
                <For each=move || ids.get() key=|id| *id children=row />
            </tbody>
        </table>
        <Show when=move || count(agents, filter.get()) == 0>
            <p class="quiet none-of-these">"None of your agents is in this phase."</p>
        </Show>
    }
}

/// How many of the agents have a row, and a way to those that have none. It is a link, so that it works without JavaScript, too.
#[component]
fn MoreRows(
    agents: ListedAgents,
    filter: RwSignal<Option<Group>>,
    ids: Memo<Vec<AgentId>>,
    rows: RwSignal<u32>,
) -> impl IntoView {
    let of_these = Memo::new(move |_| count(agents, filter.get()));
    let shown = move || ids.with(Vec::len);
    let left = Memo::new(move |_| of_these.get().saturating_sub(shown()));
    // Once there was more, it is said when there is no more.
    let was_long = RwSignal::new(false);
    let show_more = move |event: ev::MouseEvent| {
        if event.ctrl_key() || event.meta_key() {
            return;
        }
        event.prevent_default();
        if agents.failed.get_untracked() {
            agents.read_all();
            return;
        }
        was_long.set(true);
        let known = ids.with_untracked(Vec::len);
        rows.update(|rows| *rows = rows.saturating_add(ROWS));
        request_animation_frame(move || focus_row(known));
    };
    let told = move || match (agents.failed.get(), left.get()) {
        (true, _) => "The older agents could not be read.".to_owned(),
        (false, 0) => "All are shown.".to_owned(),
        (false, _) => format!("The newest {} of {}.", shown(), of_these.get()),
    };
    let label = move || {
        if agents.failed.get() {
            "Try again".to_owned()
        } else {
            format!("Show {} more", left.get().min(ROWS as usize))
        }
    };
    view! {
        <Show when=move || { left.get() > 0 || was_long.get() }>
            <p class="below-table more-rows">
                <span role="status">{told}</span>
                <Show when=move || { left.get() > 0 }>
                    <a
                        class="button small"
                        href=move || format!("/agents?rows={}", rows.get().saturating_add(ROWS))
                        on:click=show_more
                    >
                        {label}
                    </a>
                </Show>
            </p>
        </Show>
    }
}

/// Puts the focus on an agent's name, so that the keyboard goes on where the list did.
fn focus_row(row: usize) {
    let link = format!(".agents tbody tr:nth-child({}) a", row + 1);
    if let Ok(Some(link)) = document().query_selector(&link)
        && let Some(link) = link.dyn_ref::<web_sys::HtmlElement>()
    {
        // It stays where it was if the browser will not.
        let _ = link.focus();
    }
}

#[component]
fn AgentRow(agent: Signal<Agent>, now: Signal<Timestamp>) -> impl IntoView {
    let (name, project) = agent.with_untracked(|agent| (name_cell(agent), project_cell(agent)));
    view! {
        <tr role="row">
            {name}
            {project}
            <td role="cell" data-label="Phase" class="cell-phase">
                {move || agent.with(|agent| badge(agent.phase))}
                <StartSteps agent />
                <PhaseReason agent />
                <FailureLog agent />
            </td>
            {move || time_cell(now.get(), agent.with(|agent| agent.phase_since))}
            <td role="cell" class="cell-actions"><AgentActions agent /></td>
        </tr>
    }
}

fn name_cell(agent: &Agent) -> Inert {
    let (address, name) = (agent_address(agent.id), html(&agent.name));
    inert(format!(r#"<td role="cell" class="cell-main"><a href="{address}">{name}</a></td>"#))
}

fn project_cell(agent: &Agent) -> Inert {
    let (id, name) = (agent.project_id, html(&agent.project_name));
    inert(format!(
        r#"<td role="cell" data-label="Project"><a class="plain-link clip" href="/projects/{id}">{name}</a></td>"#
    ))
}

fn time_cell(now: Timestamp, since: Timestamp) -> Inert {
    let time = time::written(now, since, Manner::Lasted);
    inert(format!(r#"<td role="cell" data-label="For" class="cell-time">{time}</td>"#))
}

/// The last log lines of an agent that failed, read when somebody looks.
#[component]
fn FailureLog(agent: Signal<Agent>) -> impl IntoView {
    let has_log = move || agent.with(|agent| agent.phase == Phase::Failed || agent.reason == Some(Reason::CloneFailed));
    let is_open = RwSignal::new(false);
    let id = agent.with_untracked(|agent| agent.id);
    let toggle = move |event: ev::Event| {
        let details = event_target::<web_sys::HtmlDetailsElement>(&event);
        is_open.set(details.open());
    };
    view! {
        <Show when=has_log>
            <details class="log-fold" on:toggle=toggle>
                <summary>"Last log lines"</summary>
                <Show when=move || is_open.get()>
                    <LogTail id />
                </Show>
            </details>
        </Show>
    }
}

/// Nothing to list: the next step depends on whether there is a project.
#[component]
fn NoAgents() -> impl IntoView {
    let projects = read_once(list_projects);
    when_read(skeleton::nothing, move || async move {
        Ok(if projects.get().await?.is_empty() {
            view! {
                <EmptyState heading="No agents yet" text="An agent works on a project, so create a project first.">
                    <a class="button primary" href="/projects?dialog=new-project">
                        "Create a project"
                    </a>
                </EmptyState>
            }
        } else {
            view! {
                <EmptyState
                    heading="No agents yet"
                    text="An agent is a machine of its own with git, tmux and a coding tool. Launch one and watch it work in its terminal."
                >
                    <LaunchButton label="Launch your first agent" />
                </EmptyState>
            }
        })
    })
}
