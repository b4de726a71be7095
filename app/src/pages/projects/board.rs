//! One project: its board.

use domain::{LiveEvent, Project, ProjectId, Task};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    api::{
        projects::{UpdateProject, get_project},
        tasks::{CreateTask, EditTask, list_tasks},
    },
    components::{
        board::{Board, BoardView},
        dialog::{Dialog, DialogButton, dialog_state},
        form::{Form, SubmitButton},
        icon::{Drawing, Icon},
        load::when_read,
        page_header::{Crumb, PageHeader},
        project_form::ProjectFields,
        skeleton,
        task_form::TaskFields,
    },
    error::ApiError,
    lean::view,
    state::{live::Live, reading::read, tasks},
};

/// One project.
#[component]
pub fn ProjectBoard() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let parsed = move || id.get().parse::<ProjectId>().map_err(|_| no_such_project());
    let project = read(
        move || id.get(),
        move || {
            let id = parsed();
            async move { get_project(id?).await }
        },
    );
    let tasks = read(
        move || id.get(),
        move || {
            let id = parsed();
            async move { list_tasks(id?).await }
        },
    );
    when_read(skeleton::page, move || async move {
        let (project, tasks) = (project.get().await?, tasks.get().await?);
        Ok(view! { <ProjectPage project tasks /> })
    })
}

/// The answer for an address that has no id in it; the same as for an id that nobody has.
fn no_such_project() -> ApiError {
    #[cfg(feature = "ssr")]
    crate::api::context::answer_status(domain::ErrorCode::NotFound);
    ApiError::new(domain::ErrorCode::NotFound, "There is no such project, or it is not yours.")
}

#[component]
fn ProjectPage(project: Project, tasks: Vec<Task>) -> impl IntoView {
    let id = project.id;
    let tasks = tasks::follow_all(id, tasks);
    let editing = RwSignal::new(None);
    Board::provide(tasks, editing);
    let (creates, changes) = (dialog_state("new-task"), dialog_state("edit-project"));
    let project = RwSignal::new(project);
    let address = format!("/projects/{id}");
    view! {
        <PageHeader
            title=Signal::derive(move || project.with(|project| project.name.clone()))
            crumbs=vec![Crumb { text: "Projects".into(), href: "/projects".into() }]
        >
            <DialogButton id="edit-project" path=address.clone() open=changes class="button ghost">
                <Icon of=Drawing::Pencil />
                "Edit project"
            </DialogButton>
            <DialogButton id="new-task" path=address open=creates>
                <Icon of=Drawing::Plus />
                "New task"
            </DialogButton>
        </PageHeader>
        <ProjectFacts project />
        <BoardView />
        <NewTaskDialog open=creates project=id tasks />
        <EditTaskDialog editing tasks />
        <EditProjectDialog open=changes project />
    }
}

#[component]
fn ProjectFacts(project: RwSignal<Project>) -> impl IntoView {
    let repository = move || project.with(|project| project.repository_url.clone());
    let branch = move || project.with(|project| project.default_branch.clone());
    move || {
        repository().map(|url| {
            view! {
                <p class="facts-line">
                    <span class="code clip"><Icon of=Drawing::Link />{url}</span>
                    <span class="code"><Icon of=Drawing::Branch />{branch()}</span>
                </p>
            }
        })
    }
}

#[component]
fn NewTaskDialog(open: RwSignal<bool>, project: ProjectId, tasks: RwSignal<Vec<Task>>) -> impl IntoView {
    let done = show_and_close(open);
    view! {
        <Dialog open label="New task" class="dialog-wide">
            <Form id="task" done check=|create: &CreateTask| create.input.clone().validate().map(drop)>
                <input type="hidden" name="project" value=project.to_string() />
                <TaskFields task=None others=tasks.get_untracked() around=("input[", "]") />
                <div class="form-actions">
                    <SubmitButton label="Create task" />
                </div>
            </Form>
        </Dialog>
    }
}

#[component]
fn EditTaskDialog(editing: RwSignal<Option<Task>>, tasks: RwSignal<Vec<Task>>) -> impl IntoView {
    let open = RwSignal::new(false);
    Effect::new(move || {
        if editing.with(Option::is_some) {
            open.set(true);
        }
    });
    view! {
        <TaskEditor open task=editing others=tasks />
    }
}

/// The dialog that changes what a task says.
#[component]
pub fn TaskEditor(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// The task.
    #[prop(into)]
    task: Signal<Option<Task>>,
    /// The project's tasks.
    #[prop(into)]
    others: Signal<Vec<Task>>,
) -> impl IntoView {
    let done = show_and_close(open);
    view! {
        <Dialog open label="Edit" heading="Edit task" class="dialog-wide">
            {move || task.get_untracked().map(|task| {
                let others = others.get_untracked().into_iter().filter(|other| other.id != task.id).collect();
                view! {
                    <Form id="edit-task" done check=check_edit>
                        <input type="hidden" name="id" value=task.id.to_string() />
                        <input type="hidden" name="version" value=task.version.to_string() />
                        <TaskFields task=Some(task) others />
                        <div class="form-actions">
                            <SubmitButton label="Save changes" />
                        </div>
                    </Form>
                }
            })}
        </Dialog>
    }
}

/// Shows a task that was made or changed, and closes its dialog.
fn show_and_close(open: RwSignal<bool>) -> Callback<Task> {
    let live = Live::of_page();
    Callback::new(move |task: Task| {
        live.tell(&LiveEvent::Task(Box::new(task)));
        open.set(false);
    })
}

fn check_edit(edit: &EditTask) -> Result<(), domain::Invalid> {
    let EditTask { title, description, priority, depends_on, .. } = edit.clone();
    domain::NewTask { title, description, priority, depends_on, parent_id: None }.validate().map(drop)
}

#[component]
fn EditProjectDialog(open: RwSignal<bool>, project: RwSignal<Project>) -> impl IntoView {
    let done = Callback::new(move |changed: Project| {
        project.set(changed);
        open.set(false);
    });
    let check = |update: &UpdateProject| {
        let input = update.input.clone();
        domain::NewProject {
            name: input.name.unwrap_or_default(),
            repository_url: input.repository_url,
            default_branch: input.default_branch,
            start_command: input.start_command,
            working_limit: input.working_limit,
        }
        .validate()
        .map(drop)
    };
    view! {
        <Dialog open label="Edit project">
            <Form id="edit-project" done check>
                <input type="hidden" name="id" value=project.with_untracked(|project| project.id.to_string()) />
                <ProjectFields project=project.get_untracked() />
                <div class="form-actions">
                    <SubmitButton label="Save changes" />
                </div>
            </Form>
        </Dialog>
    }
}
