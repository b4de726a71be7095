//! All projects.

use std::marker::PhantomData;

use domain::Project;
use leptos::{ev, prelude::*};
use leptos_router::hooks::{use_navigate, use_query_map};

use crate::{
    api::projects::{CreateProject, DeleteProject, list_projects},
    components::{
        confirm::ConfirmDelete,
        dialog::{Dialog, DialogButton, dialog_state},
        empty_state::EmptyState,
        form::{Form, SubmitButton},
        icon::{Drawing, Icon},
        load::when_read,
        page_header::PageHeader,
        project_form::ProjectFields,
        skeleton,
        time::Time,
    },
    lean::view,
    state::{reading::read_once, toasts::Toasts},
};

/// All projects.
#[component]
pub fn Projects() -> impl IntoView {
    let open = dialog_state("new-project");
    let projects = read_once(list_projects);
    let list = when_read(skeleton::table, move || async move {
        let projects = projects.get().await?;
        Ok(view! { <ProjectList projects /> })
    });
    view! {
        <PageHeader title="Projects">
            <DialogButton id="new-project" path="/projects" open>
                <Icon of=Drawing::Plus />
                "New project"
            </DialogButton>
        </PageHeader>
        <div class="page">{list}</div>
        <NewProjectDialog open />
    }
}

#[component]
fn NewProjectDialog(open: RwSignal<bool>) -> impl IntoView {
    let navigate = use_navigate();
    let done = Callback::new(move |project: Project| {
        open.set(false);
        navigate(&format!("/projects/{}", project.id), leptos_router::NavigateOptions::default());
    });
    view! {
        <Dialog open label="New project">
            <Form id="project" done check=|create: &CreateProject| create.input.clone().validate().map(drop)>
                <ProjectFields />
                <div class="form-actions">
                    <SubmitButton label="Create project" />
                </div>
            </Form>
        </Dialog>
    }
}

#[component]
fn ProjectList(projects: Vec<Project>) -> impl IntoView {
    let chosen = RwSignal::new(named_to_delete(&projects));
    let open = RwSignal::new(chosen.with_untracked(Option::is_some));
    let projects = RwSignal::new(projects);
    let toasts = Toasts::of_page();
    let done = move |()| {
        if let Some(gone) = chosen.get_untracked() {
            projects.update(|projects| projects.retain(|project| project.id != gone.id));
            open.set(false);
            toasts.done(format!("{} is deleted.", gone.name));
        }
    };
    let ask = Callback::new(move |project: Project| {
        chosen.set(Some(project));
        open.set(true);
    });
    let name = move || chosen.with(|project| project.as_ref().map(|project| project.name.clone()).unwrap_or_default());
    view! {
        <Show when=move || projects.with(|projects| !projects.is_empty()) fallback=NoProjects>
            <ProjectTable projects ask />
        </Show>
        <ConfirmDelete
            open
            by={PhantomData::<fn(DeleteProject)>}
            done
            question=Signal::derive(move || format!("Delete {}?", name()))
            consequence="Its tasks are deleted with it. Its agents must be deleted first."
        >
            <input type="hidden" name="id" value=move || chosen.with(|p| p.as_ref().map(|p| p.id.to_string())) />
        </ConfirmDelete>
    }
}

/// The project that the page's address asks to delete, as it does where a button was pressed before the WASM was there.
fn named_to_delete(projects: &[Project]) -> Option<Project> {
    let query = use_query_map();
    let query = query.read_untracked();
    let id = query.get("project").filter(|_| query.get("dialog").is_some_and(|dialog| dialog == "delete"))?;
    projects.iter().find(|project| project.id.to_string() == id).cloned()
}

#[component]
fn NoProjects() -> impl IntoView {
    view! {
        <EmptyState
            heading="No projects yet"
            text="A project is a repository with its tasks and agents. Create one with “New project”, then launch an agent on it."
        />
    }
}

#[component]
fn ProjectTable(projects: RwSignal<Vec<Project>>, ask: Callback<Project>) -> impl IntoView {
    view! {
        <table class="table" role="table" aria-label="Projects">
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"Name"</th>
                    <th role="columnheader" scope="col">"Repository"</th>
                    <th role="columnheader" scope="col">"Branch"</th>
                    <th role="columnheader" scope="col">"Created"</th>
                    <th role="columnheader" scope="col"><span class="visually-hidden">"Actions"</span></th>
                </tr>
            </thead>
            <tbody role="rowgroup">
                <For each=move || projects.get() key=|project| project.id let:project>
                    <ProjectRow project ask />
                </For>
            </tbody>
        </table>
    }
}

#[component]
fn ProjectRow(project: Project, ask: Callback<Project>) -> impl IntoView {
    let Project { id, name, repository_url, default_branch, created_at, .. } = project.clone();
    let repository = repository_url.map_or_else(
        || view! { <span class="quiet">"None"</span> },
        |url| view! { <span class="code clip">{url}</span> },
    );
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        ask.run(project.clone());
    };
    view! {
        <tr role="row">
            <td role="cell" class="cell-main"><a href=format!("/projects/{id}")>{name}</a></td>
            <td role="cell" data-label="Repository">{repository}</td>
            <td role="cell" data-label="Branch"><span class="code">{default_branch}</span></td>
            <td role="cell" data-label="Created"><Time at=created_at /></td>
            <td role="cell" class="cell-actions">
                <form method="get" action="/projects" class="actions" on:submit=submit>
                    <input type="hidden" name="project" value=id.to_string() />
                    <button type="submit" name="dialog" value="delete" class="button small ghost-danger" aria-haspopup="dialog">
                        <Icon of=Drawing::Trash />
                        "Delete"
                    </button>
                </form>
            </td>
        </tr>
    }
}
