//! What one can do with an agent: open its terminal, stop, start and delete it. The buttons are the same everywhere.

use std::marker::PhantomData;

use domain::{Agent, AgentId, Desired, LiveEvent, Phase};
use leptos::{ev, prelude::*, server_fn::ServerFn, task::spawn_local};

use super::{
    confirm::ConfirmDelete,
    dialog::Dialog,
    icon::{Drawing, Icon},
    terminal::Terminal,
};
use crate::{
    api::agents::{DeleteAgent, StartAgent, StopAgent, start_agent, stop_agent},
    error::ApiError,
    lean::view,
    state::{live::Live, toasts::Toasts},
};

/// What the buttons of a page's agents share.
#[derive(Clone, Copy)]
pub struct AgentCommands {
    /// The agent that the server was asked to change.
    busy: RwSignal<Option<AgentId>>,
    /// The agent that the dialogs are about.
    chosen: RwSignal<Option<Agent>>,
    deleting: RwSignal<bool>,
    terminal: RwSignal<bool>,
    live: Live,
    toasts: Toasts,
}

impl AgentCommands {
    /// For a page that shows agents. `chosen` and `deleting` say whether it opens with the question whether to delete.
    pub fn provide(chosen: Option<Agent>, deleting: RwSignal<bool>) {
        provide_context(Self {
            busy: RwSignal::new(None),
            chosen: RwSignal::new(chosen),
            deleting,
            terminal: RwSignal::new(false),
            live: Live::of_page(),
            toasts: Toasts::of_page(),
        });
    }

    fn is_busy(self, id: AgentId) -> bool {
        self.busy.get() == Some(id)
    }

    fn stop(self, id: AgentId) {
        self.busy.set(Some(id));
        spawn_local(async move { self.settle(stop_agent(id).await) });
    }

    fn start(self, id: AgentId) {
        self.busy.set(Some(id));
        spawn_local(async move { self.settle(start_agent(id).await) });
    }

    /// Shows the changed agent at once, or why it did not change. The page may be gone by now.
    fn settle(self, answer: Result<Agent, ApiError>) {
        self.busy.try_set(None);
        match answer {
            Ok(agent) => self.live.tell(&LiveEvent::Agent(Box::new(agent))),
            Err(error) => self.toasts.failed(&error),
        }
    }

    fn open_terminal(self, agent: Agent) {
        self.chosen.set(Some(agent));
        self.terminal.set(true);
    }

    fn ask_to_delete(self, agent: Agent) {
        self.chosen.set(Some(agent));
        self.deleting.set(true);
    }
}

/// The buttons of one agent.
#[component]
pub fn AgentActions(
    /// The agent.
    #[prop(into)]
    agent: Signal<Agent>,
    /// Whether the terminal is on the page already.
    #[prop(default = false)]
    without_terminal: bool,
) -> impl IntoView {
    let is_wanted = move || agent.with(|agent| agent.desired != Desired::Deleted);
    let may_stop = move || agent.with(|agent| agent.desired == Desired::Running && agent.phase != Phase::Failed);
    view! {
        <div class="actions">
            {(!without_terminal).then(|| view! { <OpenTerminal agent /> })}
            <Show when=is_wanted>
                <Show when=may_stop fallback=move || view! { <Start agent /> }>
                    <Stop agent />
                </Show>
            </Show>
            <Delete agent />
        </div>
    }
}

#[component]
fn OpenTerminal(agent: Signal<Agent>) -> impl IntoView {
    let commands = expect_context::<AgentCommands>();
    let address = agent.with_untracked(|agent| format!("/agent-terminal/{}", agent.id));
    let open = move |event: ev::SubmitEvent| {
        event.prevent_default();
        commands.open_terminal(agent.get_untracked());
    };
    view! {
        <form method="get" action=address class="inline" on:submit=open>
            <button
                type="submit"
                class="button small"
                disabled=move || agent.with(|agent| !agent.phase.has_terminal())
                title=move || agent.with(|agent| (!agent.phase.has_terminal()).then_some("The agent does not run."))
            >
                <Icon of=Drawing::Agent />
                "Open terminal"
            </button>
        </form>
    }
}

#[component]
fn Stop(agent: Signal<Agent>) -> impl IntoView {
    let commands = expect_context::<AgentCommands>();
    let id = agent.with_untracked(|agent| agent.id);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        commands.stop(id);
    };
    view! {
        <form method="post" action=StopAgent::url() class="inline" on:submit=submit>
            <input type="hidden" name="id" value=id.to_string() />
            <button type="submit" class="button small" aria-busy=move || commands.is_busy(id).then_some("true")>
                <Icon of=Drawing::Stop />
                "Stop"
            </button>
        </form>
    }
}

#[component]
fn Start(agent: Signal<Agent>) -> impl IntoView {
    let commands = expect_context::<AgentCommands>();
    let id = agent.with_untracked(|agent| agent.id);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        commands.start(id);
    };
    view! {
        <form method="post" action=StartAgent::url() class="inline" on:submit=submit>
            <input type="hidden" name="id" value=id.to_string() />
            <button type="submit" class="button small" aria-busy=move || commands.is_busy(id).then_some("true")>
                <Icon of=Drawing::Play />
                "Start"
            </button>
        </form>
    }
}

#[component]
fn Delete(agent: Signal<Agent>) -> impl IntoView {
    let commands = expect_context::<AgentCommands>();
    let address = agent.with_untracked(|agent| format!("/agents/{}", agent.id));
    let ask = move |event: ev::SubmitEvent| {
        event.prevent_default();
        commands.ask_to_delete(agent.get_untracked());
    };
    view! {
        <form method="get" action=address class="inline" on:submit=ask>
            <input type="hidden" name="dialog" value="delete" />
            <button type="submit" class="button small ghost-danger" aria-haspopup="dialog">
                <Icon of=Drawing::Trash />
                "Delete"
            </button>
        </form>
    }
}

/// The dialogs that the buttons open. Once on a page.
#[component]
pub fn AgentDialogs() -> impl IntoView {
    let AgentCommands { chosen, deleting, terminal, toasts, .. } = expect_context();
    let name = move || chosen.with(|agent| agent.as_ref().map(|agent| agent.name.clone()).unwrap_or_default());
    let id = move || chosen.with(|agent| agent.as_ref().map(|agent| agent.id));
    let heading = Signal::derive(move || {
        let pod = chosen.with(|agent| agent.as_ref().map(|agent| agent.pod_name.clone()).unwrap_or_default());
        format!("Agent Terminal - {pod}")
    });
    view! {
        <ConfirmDelete
            open=deleting
            by={PhantomData::<fn(DeleteAgent)>}
            done=move |()| {
                deleting.set(false);
                toasts.done("The agent is being deleted.");
            }
            question=Signal::derive(move || format!("Delete {}?", name()))
            consequence="Its processes are ended and its workspace is deleted, with everything in it that was not pushed."
        >
            <input type="hidden" name="id" value=move || id().map(|id| id.to_string()) />
        </ConfirmDelete>
        <Dialog open=terminal label="Open terminal" heading class="dialog-terminal" keeps_escape=true>
            {move || id().map(|agent_id| view! { <Terminal agent_id /> })}
        </Dialog>
    }
}
