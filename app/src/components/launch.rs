//! Launching an agent: the button in the frame and its dialog.

use domain::{Agent, AgentId, AgentLimits, AgentMode, LiveEvent, Project, ProjectId, RuntimeStatus};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate};

use super::{
    dialog::{Dialog, DialogButton, dialog_state},
    empty_state::EmptyState,
    field::{Choice, TextField},
    form::{Form, SubmitButton},
    icon::{Drawing, Icon},
    load::when_read,
    skeleton,
};
use crate::{
    api::{
        agents::{Launch, propose_agent_name},
        projects::list_projects,
    },
    lean::view,
    state::{
        live::Live,
        reading::read_once,
        session::{self, Session},
        toasts::Toasts,
    },
};

const DIALOG: &str = "launch-agent";

/// Whether the dialog is open.
#[derive(Clone, Copy)]
struct LaunchOpen(RwSignal<bool>);

/// Gives the frame its one dialog.
pub fn provide() {
    provide_context(LaunchOpen(dialog_state(DIALOG)));
}

/// The button in the frame.
#[component]
pub fn LaunchButton(
    /// What is on it.
    #[prop(default = "Launch agent")]
    label: &'static str,
) -> impl IntoView {
    let LaunchOpen(open) = expect_context();
    view! {
        <DialogButton id=DIALOG path="/agents" open class="button primary">
            <Icon of=Drawing::Rocket />
            {label}
        </DialogButton>
    }
}

/// The dialog. What it needs is read when it opens.
#[component]
pub fn LaunchDialog() -> impl IntoView {
    let LaunchOpen(open) = expect_context();
    let (live, toasts, navigate) = (Live::of_page(), Toasts::of_page(), use_navigate());
    let location = use_location();
    let done = Callback::new(move |agent: Agent| {
        toasts.done(format!("{} is on its way.", agent.name));
        live.tell(&LiveEvent::Agent(Box::new(agent)));
        open.set(false);
        if location.pathname.get_untracked() != "/agents" {
            navigate("/agents", leptos_router::NavigateOptions::default());
        }
    });
    view! {
        <Dialog open label="Launch agent">
            <LaunchContent open done />
        </Dialog>
    }
}

#[component]
fn LaunchContent(open: RwSignal<bool>, done: Callback<Agent>) -> impl IntoView {
    let (projects, name) = (read_once(list_projects), read_once(propose_agent_name));
    when_read(skeleton::few, move || async move {
        let (projects, name) = (projects.get().await?, name.get().await?);
        Ok(if projects.is_empty() {
            view! { <NoProject open /> }
        } else {
            view! { <LaunchForm projects name done /> }
        })
    })
}

#[component]
fn NoProject(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <EmptyState heading="Create a project first" text="An agent works on a project: it clones its repository and takes its tasks.">
            <a class="button primary" href="/projects?dialog=new-project" on:click=move |_| open.set(false)>
                "Go to projects"
            </a>
        </EmptyState>
    }
}

#[component]
fn LaunchForm(projects: Vec<Project>, name: String, done: Callback<Agent>) -> impl IntoView {
    let first = project_on_page(&projects).or_else(|| projects.first().map(|project| project.id));
    let chosen = RwSignal::new(first.map(|id| id.to_string()).unwrap_or_default());
    let options = projects.iter().map(|project| (project.id.to_string(), project.name.clone())).collect();
    let mode = RwSignal::new(AgentMode::default().to_string());
    let command = Signal::derive(move || {
        if mode.get() == AgentMode::Autopilot.as_str() {
            return "Claude Code".to_owned();
        }
        let id = chosen.get();
        let project = projects.iter().find(|project| project.id.to_string() == id);
        let command = project.map(|project| project.start_command.clone()).unwrap_or_default();
        if command.is_empty() { "a shell".to_owned() } else { command }
    });
    let modes = vec![
        (AgentMode::Manual.as_str().to_owned(), "Manual: you work in its terminal".to_owned()),
        (AgentMode::Autopilot.as_str().to_owned(), "Autopilot: it takes tasks by itself".to_owned()),
    ];
    view! {
        <Form id="launch" done check=|launch: &Launch| launch.input.clone().validate().map(drop)>
            <Choice label="Project" field="project_id" name="input[project_id]" options chosen />
            <TextField
                label="Agent name"
                field="name"
                name="input[name]"
                value=name
                hint="Lower-case letters, digits and dashes."
                autofocus=true
            />
            <TextField
                label="Start command"
                field="start_command"
                name="input[start_command]"
                placeholder=command
                hint="Manual: runs in its terminal. Autopilot: the coding CLI for each task, with the prompt on its standard input."
                is_code=true
            />
            <Choice label="Mode" field="mode" name="input[mode]" options=modes chosen=mode />
            <Limits />
            <div class="form-actions">
                <SubmitButton label="Launch agent" />
            </div>
        </Form>
    }
}

#[component]
fn Limits() -> impl IntoView {
    let Session { runtime, agent_limits: AgentLimits { memory_mib, processes }, .. } = session::current();
    let RuntimeStatus { limits_memory, limits_processes, .. } = runtime.unwrap_or(RuntimeStatus {
        kind: domain::RuntimeKind::Process,
        sandbox: domain::SandboxKind::None,
        limits_memory: false,
        limits_processes: false,
    });
    view! {
        <details class="advanced">
            <summary>"Advanced"</summary>
            <div class="field-pair">
                <TextField
                    label="Memory (MiB)"
                    field="limits.memory_mib"
                    name="input[limits][memory_mib]"
                    value=memory_mib.to_string()
                    kind="number"
                    hint=hint(limits_memory)
                />
                <TextField
                    label="Processes"
                    field="limits.processes"
                    name="input[limits][processes]"
                    value=processes.to_string()
                    kind="number"
                    hint=hint(limits_processes)
                />
            </div>
        </details>
    }
}

const fn hint(is_enforced: bool) -> &'static str {
    if is_enforced { "" } else { "Not enforced here." }
}

/// The project whose page is open.
fn project_on_page(projects: &[Project]) -> Option<ProjectId> {
    let path = use_location().pathname.get_untracked();
    let id = path.strip_prefix("/projects/")?.parse().ok()?;
    projects.iter().find(|project| project.id == id).map(|project| project.id)
}

/// The address of an agent's page.
pub fn agent_address(id: AgentId) -> String {
    format!("/agents/{id}")
}
