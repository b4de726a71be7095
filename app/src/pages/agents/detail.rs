//! One agent: what it is, how it is, and what happened.

use domain::{Agent, AgentId, LiveEvent, RuntimeEvent, RuntimeKind, Subject, terminal::KeptText};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_params_map;

use crate::{
    api::{
        agents::{agent_logs, agent_terminal, agent_timeline, get_agent},
        questions::agent_questions,
        runtime::runtime_events,
        tasks::agent_tasks,
    },
    components::{
        agent_actions::{AgentActions, AgentCommands, AgentDialogs},
        dialog::dialog_state,
        empty_state::EmptyState,
        last_screen::LastScreen,
        load::{when_read, while_read},
        page_header::{Crumb, PageHeader},
        phase_badge::{PhaseBadge, PhaseReason},
        question_card::question_section,
        skeleton,
        start_steps::StartSteps,
        task_card::meter,
        time::{Manner, Time},
        timeline::Timeline,
    },
    error::ApiError,
    lean::view,
    state::{
        agents,
        live::Live,
        polling::again_and_again,
        reading::{Reading, read, read_once},
        session,
    },
};

/// Events of the cluster that are shown: the newest ones.
const EVENTS_SHOWN: usize = 20;

/// One agent.
#[component]
pub fn AgentDetail() -> impl IntoView {
    let agent = agent_of_address();
    when_read(skeleton::page, move || async move {
        let first = agent.get().await?;
        Ok(view! { <AgentPage first /> })
    })
}

/// The agent that the page's address names.
fn agent_of_address() -> Reading<Agent> {
    let id = id_of_address();
    read(
        move || id.get(),
        move || {
            let id = id.get().parse::<AgentId>().map_err(|_| no_such_agent());
            async move { get_agent(id?).await }
        },
    )
}

/// The agent that the page's address names, and what was last on its terminal.
pub fn terminal_of_address() -> Reading<(Option<Agent>, Option<KeptText>)> {
    let id = id_of_address();
    read(
        move || id.get(),
        move || {
            let id = id.get().parse::<AgentId>().map_err(|_| no_such_agent());
            async move { agent_terminal(id?).await }
        },
    )
}

fn id_of_address() -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.read().get("id").unwrap_or_default())
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
    let asked = read_once(move || agent_questions(id));
    let followed = agents::follow_one(first.clone());
    let agent = Memo::new(move |last: Option<&Agent>| {
        followed.get().or_else(|| last.cloned()).unwrap_or_else(|| first.clone())
    });
    view! {
        <PageHeader title=name crumbs=vec![Crumb { text: "Agents".into(), href: "/agents".into() }]>
            <AgentActions agent />
        </PageHeader>
        <Show when=move || followed.with(Option::is_some) fallback=move || view! { <Gone id /> }>
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
                        <StartSteps agent />
                        <PhaseReason agent />
                    </div>
                    <CurrentTasks agent />
                    {question_section(asked, Subject::Agent(id))}
                    <LastTerminal agent />
                    <ClusterEvents agent />
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

/// What it works on, and what it said last; read again when either changes.
#[component]
fn CurrentTasks(agent: Memo<Agent>) -> impl IntoView {
    let id = agent.with_untracked(|agent| agent.id);
    let news = RwSignal::new(0_u32);
    Live::of_page().listen(move |event| match event {
        LiveEvent::Task(task) if task.lease.as_ref().is_some_and(|lease| lease.agent_id == id) => {
            news.update(|news| *news += 1);
        }
        _ => {}
    });
    let moment = move || format!("{} {}", agent.with(|agent| agent.phase_since), news.get());
    let held = read(moment, move || agent_tasks(id));
    while_read(skeleton::nothing, move || async move {
        let tasks = held.get().await?;
        if tasks.is_empty() {
            return Ok(skeleton::nothing());
        }
        let lines = tasks.into_iter().map(|task| {
            let report = task.report.map(|report| {
                let bar = meter(report.percent);
                view! { <p>{report.summary} <span class="quiet">" " <Time at=report.at /></span></p> {bar} }
            });
            view! { <li><a href=format!("/tasks/{}", task.id)>{task.title}</a> {report}</li> }
        });
        Ok(view! {
            <section class="section" aria-labelledby="current">
                <h2 id="current">"Current task"</h2>
                <ul class="plain">{lines.collect_view()}</ul>
            </section>
        })
    })
}

/// What was last on its terminal, while it has none.
#[component]
fn LastTerminal(agent: Memo<Agent>) -> impl IntoView {
    let id = agent.with_untracked(|agent| agent.id);
    let moment = move || agent.with(|agent| format!("{} {}", agent.phase_since, agent.phase.has_terminal()));
    let kept = read(moment, move || agent_terminal(id));
    while_read(skeleton::nothing, move || async move {
        Ok(match kept.get().await?.1 {
            None => skeleton::nothing(),
            Some(kept) => view! {
                <section class="section">
                    <h2>"Last screen"</h2>
                    <LastScreen kept />
                </section>
            },
        })
    })
}

#[component]
fn Gone(id: AgentId) -> impl IntoView {
    view! {
        <div class="page">
            <EmptyState heading="This agent is gone" text="It was deleted with its workspace. What was last on its terminal is kept for a while.">
                <a class="button" href=format!("/agent-terminal/{id}")>"Last screen"</a>
                " "
                <a class="button" href="/agents">"Go to agents"</a>
            </EmptyState>
        </div>
    }
}

#[component]
fn Facts(agent: Memo<Agent>) -> impl IntoView {
    let Agent { project_id, project_name, pod_name, start_command, limits, created_at, .. } = agent.get_untracked();
    let command = if start_command.is_empty() {
        view! { <span class="quiet">"A shell"</span> }
    } else {
        view! { <span class="code">{start_command}</span> }
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
    let moment = move || agent.with(|agent| format!("{} {}", agent.phase_since, agent.generation));
    let events = read(moment, move || agent_timeline(id));
    let timeline = while_read(skeleton::few, move || async move {
        let entries = events.get().await?;
        Ok(view! { <Timeline entries /> })
    });
    view! {
        <section class="section" aria-labelledby="timeline">
            <h2 id="timeline">"Timeline"</h2>
            {timeline}
        </section>
    }
}

/// The last lines that an agent's start-up printed.
#[component]
pub fn LogTail(
    /// The agent.
    id: AgentId,
) -> impl IntoView {
    let log = read_once(move || agent_logs(id));
    when_read(log_to_come, move || async move {
        let text = RwSignal::new(log.get().await?);
        again_and_again(move || {
            spawn_local(async move {
                if let Ok(fresh) = agent_logs(id).await {
                    text.try_maybe_update(|text| (std::mem::replace(text, fresh.clone()) != fresh, ()));
                }
            });
        });
        let is_empty = Memo::new(move |_| text.with(|text| text.trim().is_empty()));
        Ok(view! {
            {move || if is_empty.get() {
                view! { <p class="quiet">"Nothing was printed."</p> }
            } else {
                view! { <pre class="log" tabindex="0" role="region" aria-label="Log lines">{move || text.get()}</pre> }
            }}
        })
    })
}

/// What the cluster says has happened to the agent, newest first, as it happens.
#[component]
fn ClusterEvents(agent: Memo<Agent>) -> impl IntoView {
    let is_cluster = session::current().runtime.is_some_and(|runtime| runtime.kind == RuntimeKind::Kubernetes);
    if !is_cluster {
        return skeleton::nothing();
    }
    let id = agent.with_untracked(|agent| agent.id);
    let first = read_once(move || runtime_events(id));
    let list = when_read(skeleton::few, move || async move {
        // A cluster that does not answer is said above; the page is of use without this.
        let events = RwSignal::new(first.get().await.unwrap_or_default());
        again_and_again(move || {
            spawn_local(async move {
                if let Ok(fresh) = runtime_events(id).await {
                    events.try_maybe_update(|events| (std::mem::replace(events, fresh.clone()) != fresh, ()));
                }
            });
        });
        let lines = move || {
            let line = |event: RuntimeEvent| {
                let class = if event.warning { "warning" } else { "" };
                let times = (event.times > 1).then(|| format!(" ({} times)", event.times));
                view! {
                    <li>
                        <span class=class>{event.what}</span>
                        {times}
                        " " <span class="quiet">{event.about} ", " <Time at=event.at /></span>
                        <br />
                        {event.message}
                    </li>
                }
            };
            events.get().into_iter().rev().take(EVENTS_SHOWN).map(line).collect_view()
        };
        Ok(view! {
            <ul class="plain runtime-events">{lines}</ul>
            <Show when=move || events.with(Vec::is_empty)><p class="quiet">"Nothing lately."</p></Show>
        })
    });
    view! {
        <section class="section" aria-labelledby="cluster-events">
            <h2 id="cluster-events">"Cluster events"</h2>
            {list}
        </section>
    }
}

fn log_to_come() -> AnyView {
    view! { <pre class="log" aria-busy="true"></pre> }
}
