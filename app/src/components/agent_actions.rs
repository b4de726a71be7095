//! What one can do with an agent: open its terminal, stop, start and delete it. The buttons are the same everywhere.

use domain::{Agent, AgentId, Desired, LiveEvent, Phase};
use leptos::{ev, prelude::*, server_fn::ServerFn};

use super::{
    confirm::ConfirmDelete,
    dialog::Dialog,
    icon::{Drawing, Icon},
    terminal::Terminal,
};
use crate::{
    api::agents::{DeleteAgent, StartAgent, StopAgent},
    error::ApiError,
    lean::view,
    state::{live::Live, toasts::Toasts},
};

/// What the buttons of a page's agents share.
#[derive(Clone, Copy)]
pub struct AgentCommands {
    stop: ServerAction<StopAgent>,
    start: ServerAction<StartAgent>,
    delete: ServerAction<DeleteAgent>,
    /// Which agent the dialogs are about.
    chosen: RwSignal<Option<Agent>>,
    deleting: RwSignal<bool>,
    terminal: RwSignal<bool>,
}

impl AgentCommands {
    /// For a page that shows agents. `chosen` and `deleting` say whether it opens with the question whether to delete.
    pub fn provide(chosen: Option<Agent>, deleting: RwSignal<bool>) -> Self {
        let commands = Self {
            stop: ServerAction::new(),
            start: ServerAction::new(),
            delete: ServerAction::new(),
            chosen: RwSignal::new(chosen),
            deleting,
            terminal: RwSignal::new(false),
        };
        let toasts = Toasts::of_page();
        show_answer(commands.stop.value());
        show_answer(commands.start.value());
        Effect::new(move || {
            if let Some(Ok(())) = commands.delete.value().get() {
                deleting.set(false);
                toasts.done("The agent is being deleted.");
            }
        });
        provide_context(commands);
        commands
    }

    fn is_busy(self, id: AgentId) -> bool {
        self.stop.input().with(|input| input.as_ref().is_some_and(|input| input.id == id))
            || self.start.input().with(|input| input.as_ref().is_some_and(|input| input.id == id))
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

/// Shows the changed agent at once, or why it did not change.
fn show_answer(answer: impl Get<Value = Option<Result<Agent, ApiError>>> + Send + Sync + 'static) {
    let (live, toasts) = (Live::of_page(), Toasts::of_page());
    Effect::new(move || match answer.get() {
        Some(Ok(agent)) => live.tell(&LiveEvent::Agent(Box::new(agent))),
        Some(Err(error)) => toasts.failed(&error),
        None => {}
    });
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
        commands.stop.dispatch(StopAgent { id });
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
        commands.start.dispatch(StartAgent { id });
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
    let AgentCommands { chosen, deleting, terminal, delete, .. } = expect_context();
    let name = move || chosen.with(|agent| agent.as_ref().map(|agent| agent.name.clone()).unwrap_or_default());
    let id = move || chosen.with(|agent| agent.as_ref().map(|agent| agent.id));
    let heading = Signal::derive(move || {
        let pod = chosen.with(|agent| agent.as_ref().map(|agent| agent.pod_name.clone()).unwrap_or_default());
        format!("Agent Terminal - {pod}")
    });
    view! {
        <ConfirmDelete
            open=deleting
            action=delete
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
