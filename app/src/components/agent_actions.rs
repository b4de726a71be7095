//! What one can do with an agent: open its terminal, stop, start and delete it. The buttons are the same everywhere.

use std::marker::PhantomData;

use domain::{Agent, AgentId, Desired, LiveEvent, Phase};
use leptos::{ev, prelude::*, server_fn::ServerFn, task::spawn_local};

use super::{
    confirm::ConfirmDelete,
    dialog::Dialog,
    icon::{self, Drawing},
    load::when_read,
    skeleton,
};
use crate::{
    api::agents::{DeleteAgent, StartAgent, StopAgent, start_agent, stop_agent},
    error::ApiError,
    inert::{Inert, inert},
    lazy,
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

/// What the middle button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Start,
    Stop,
}

impl Change {
    /// What can be asked of an agent now; nothing when it is on its way out.
    fn of(agent: &Agent) -> Option<Self> {
        match (agent.desired, agent.phase) {
            (Desired::Deleted, _) => None,
            (Desired::Running, phase) if phase != Phase::Failed => Some(Self::Stop),
            _ => Some(Self::Start),
        }
    }

    fn url(self) -> &'static str {
        match self {
            Self::Start => StartAgent::url(),
            Self::Stop => StopAgent::url(),
        }
    }

    fn face(self) -> String {
        let (of, word) = match self {
            Self::Start => (Drawing::Play, "Start"),
            Self::Stop => (Drawing::Stop, "Stop"),
        };
        format!("{}{word}", icon::markup(of))
    }
}

/// What a button of an agent is for. The page's script finds it by this name.
const ACT: &str = "data-act";

/// The buttons of one agent, in one form. Before the WASM is there, each leads to its own address.
#[component]
pub fn AgentActions(
    /// The agent.
    #[prop(into)]
    agent: Signal<Agent>,
    /// Whether the terminal is on the page already.
    #[prop(default = false)]
    without_terminal: bool,
) -> impl IntoView {
    let commands = expect_context::<AgentCommands>();
    let id = agent.with_untracked(|agent| agent.id);
    let click = move |event: ev::MouseEvent| {
        let button = event_target::<web_sys::Element>(&event).closest("button").ok().flatten();
        let Some(act) = button.and_then(|button| button.get_attribute(ACT)) else { return };
        event.prevent_default();
        match act.as_str() {
            "terminal" => commands.open_terminal(agent.get_untracked()),
            "delete" => commands.ask_to_delete(agent.get_untracked()),
            _ => match agent.with_untracked(Change::of) {
                Some(Change::Start) => commands.start(id),
                Some(Change::Stop) => commands.stop(id),
                None => {}
            },
        }
    };
    view! {
        <form method="post" class="actions" on:click=click>
            {inert(format!(r#"<input type="hidden" name="id" value="{id}">"#))}
            {(!without_terminal).then_some(move || agent.with(|agent| terminal_button(id, agent.phase)))}
            {move || agent.with(|agent| change_button(Change::of(agent), commands.is_busy(id)))}
            {delete_button(id)}
        </form>
    }
}

fn terminal_button(id: AgentId, phase: Phase) -> Inert {
    let disabled =
        if phase.has_terminal() || phase.is_coming_up() { "" } else { r#" disabled title="The agent does not run.""# };
    let icon = icon::markup(Drawing::Agent);
    inert(format!(
        r#"<button type="submit" class="button small" {ACT}="terminal" formmethod="get" formaction="/agent-terminal/{id}"{disabled}>{icon}Open terminal</button>"#
    ))
}

fn change_button(change: Option<Change>, is_busy: bool) -> Inert {
    let Some(change) = change else {
        return inert(r#"<button type="submit" class="button small" hidden></button>"#.to_owned());
    };
    let (url, face) = (change.url(), change.face());
    let busy = if is_busy { r#" aria-busy="true""# } else { "" };
    inert(format!(
        r#"<button type="submit" class="button small" {ACT}="change" formaction="{url}"{busy}>{face}</button>"#
    ))
}

fn delete_button(id: AgentId) -> Inert {
    let icon = icon::markup(Drawing::Trash);
    inert(format!(
        r#"<button type="submit" class="button small ghost-danger" {ACT}="delete" formmethod="get" formaction="/agents/{id}" name="dialog" value="delete" aria-haspopup="dialog">{icon}Delete</button>"#
    ))
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
            {move || id().map(|id| when_read(skeleton::nothing, move || lazy::terminal_of(id)))}
        </Dialog>
    }
}
