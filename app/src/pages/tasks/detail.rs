//! One task: what is to be done, where it is, what came out of it, and what happened.

use std::marker::PhantomData;

use domain::{Invalid, LiveEvent, Subject, Task, TaskId, TaskState};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::{use_navigate, use_params_map};

use crate::{
    api::{
        projects::get_project,
        questions::task_questions,
        tasks::{DeleteTask, MoveTask, NoteTask, get_task, list_tasks, task_timeline},
    },
    components::{
        confirm::ConfirmDelete,
        dialog::{DialogButton, dialog_state},
        empty_state::EmptyState,
        field::TextArea,
        form::{Form, SubmitButton},
        icon::{Drawing, Icon},
        load::{when_read, while_read},
        markdown::Markdown,
        page_header::{Crumb, PageHeader},
        question_card::question_section,
        skeleton,
        task_card::PriorityMark,
        time::Time,
        timeline::Timeline,
    },
    error::ApiError,
    lean::view,
    pages::projects::board::TaskEditor,
    state::{
        live::Live,
        reading::{read, read_once},
        tasks,
        toasts::Toasts,
    },
};

/// One task.
#[component]
pub fn TaskDetail() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let all = read(
        move || id.get(),
        move || {
            let id = id.get().parse::<TaskId>().map_err(|_| no_such_task());
            async move {
                let task = get_task(id?).await?;
                let project = get_project(task.project_id).await?;
                let others = list_tasks(task.project_id).await?;
                Ok((task, project.name, others))
            }
        },
    );
    when_read(skeleton::page, move || async move {
        let (task, project, others) = all.get().await?;
        Ok(view! { <TaskPage first=task project others /> })
    })
}

/// The answer for an address that has no id in it; the same as for an id that nobody has.
fn no_such_task() -> ApiError {
    #[cfg(feature = "ssr")]
    crate::api::context::answer_status(domain::ErrorCode::NotFound);
    ApiError::new(domain::ErrorCode::NotFound, "There is no such task, or it is not yours.")
}

#[component]
fn TaskPage(first: Task, project: String, others: Vec<Task>) -> impl IntoView {
    let (id, project_id) = (first.id, first.project_id);
    let followed = tasks::follow_one(first.clone());
    let others = tasks::follow_all(project_id, others);
    let task =
        Memo::new(move |last: Option<&Task>| followed.get().or_else(|| last.cloned()).unwrap_or_else(|| first.clone()));
    let (edits, deletes) = (dialog_state("edit-task"), dialog_state("delete"));
    let asked = read_once(move || task_questions(id));
    let address = format!("/tasks/{id}");
    let back = format!("/projects/{project_id}");
    let crumbs =
        vec![Crumb { text: "Projects".into(), href: "/projects".into() }, Crumb { text: project, href: back.clone() }];
    view! {
        <PageHeader title=Signal::derive(move || task.with(|task| task.title.clone())) crumbs>
            <DialogButton id="edit-task" path=address.clone() open=edits>
                <Icon of=Drawing::Pencil />
                "Edit"
            </DialogButton>
            <DialogButton id="delete" path=address open=deletes class="button ghost-danger">
                <Icon of=Drawing::Trash />
                "Delete"
            </DialogButton>
        </PageHeader>
        <Show when=move || followed.with(Option::is_some) fallback=move || view! { <Gone back=back.clone() /> }>
            <div class="page two-columns">
                <div class="main-part">
                    <Markdown text=Signal::derive(move || task.with(|task| task.description.clone())) nothing="No description." />
                    {question_section(asked, Subject::Task(id))}
                    <TaskResults task />
                    <History id task />
                </div>
                <Facts task others />
            </div>
        </Show>
        <TaskEditor open=edits task=Signal::derive(move || Some(task.get())) others />
        <DeleteDialog open=deletes task />
    }
}

#[component]
fn Gone(back: String) -> impl IntoView {
    view! {
        <div class="page">
            <EmptyState heading="This task is gone" text="It was deleted while you looked at it.">
                <a class="button" href=back>"Go to the board"</a>
            </EmptyState>
        </div>
    }
}

#[component]
fn DeleteDialog(open: RwSignal<bool>, task: Memo<Task>) -> impl IntoView {
    let (navigate, toasts) = (use_navigate(), Toasts::of_page());
    let done = move |()| {
        toasts.done("The task is deleted.");
        let back = task.with_untracked(|task| format!("/projects/{}", task.project_id));
        navigate(&back, leptos_router::NavigateOptions::default());
    };
    let (id, project) = task.with_untracked(|task| (task.id.to_string(), task.project_id.to_string()));
    view! {
        <ConfirmDelete
            open
            by={PhantomData::<fn(DeleteTask)>}
            done
            question="Delete this task?"
            consequence="The task and its timeline are deleted."
        >
            <input type="hidden" name="id" value=id.clone() />
            <input type="hidden" name="project" value=project.clone() />
        </ConfirmDelete>
    }
}

/// Where the task is and what belongs to it.
#[component]
fn Facts(task: Memo<Task>, others: RwSignal<Vec<Task>>) -> impl IntoView {
    let state = move || task.with(|task| task.state);
    view! {
        <aside class="facts" aria-label="Facts">
            <dl>
                <dt>"State"</dt>
                <dd>
                    <span class=move || format!("state state-{}", state().as_str())>
                        <span class="state-dot" aria-hidden="true"></span>
                        {move || state().label()}
                    </span>
                </dd>
                <Work task />
                <dt>"Priority"</dt>
                <dd><PriorityMark priority=Signal::derive(move || task.with(|task| task.priority)) /></dd>
                <Relations task others />
                <dt>"Created"</dt>
                <dd><Time at=task.with_untracked(|task| task.created_at) /></dd>
                <dt>"Changed"</dt>
                <dd>{move || view! { <Time at=task.with(|task| task.updated_at) /> }}</dd>
            </dl>
            <MoveButtons task others />
        </aside>
    }
}

/// Who works on it, what they said last, and how often it was lost.
#[component]
fn Work(task: Memo<Task>) -> impl IntoView {
    let holder = move || {
        task.with(|task| task.lease.clone()).map(|lease| {
            view! { <dt>"Agent"</dt> <dd><a href=format!("/agents/{}", lease.agent_id)>{lease.agent_name}</a></dd> }
        })
    };
    let report = move || {
        task.with(|task| task.report.clone()).map(|report| {
            let percent = report.percent.map(|percent| format!(" ({percent} %)")).unwrap_or_default();
            let link = report.link.map(|url| {
                view! { " " <a href=url rel="external noopener noreferrer">"Look"</a> }
            });
            view! {
                <dt>"Last report"</dt>
                <dd>{report.summary} {percent} {link} " " <span class="quiet"><Time at=report.at /></span></dd>
            }
        })
    };
    let attempts = move || {
        let (attempts, attention) = task.with(|task| (task.attempts, task.needs_attention()));
        (attempts > 0).then(|| {
            let hint = attention.then_some("Needs your attention: move it to the backlog to try again.");
            view! { <dt>"Lost by agents"</dt> <dd>{attempts} " times. " {hint}</dd> }
        })
    };
    view! { {holder} {report} {attempts} }
}

#[component]
fn Relations(task: Memo<Task>, others: RwSignal<Vec<Task>>) -> impl IntoView {
    let link = move |id: TaskId| {
        others.with(|others| others.iter().find(|other| other.id == id).cloned()).map(|other| {
            view! { <a href=format!("/tasks/{id}")>{other.title}</a> <span class="quiet">" " {other.state.label()}</span> }
        })
    };
    view! {
        {move || task.with(|task| task.parent_id).map(|id| view! { <dt>"Part of"</dt> <dd>{link(id)}</dd> })}
        {move || {
            let ids = task.with(|task| task.depends_on.clone());
            let items = ids.iter().map(|id| view! { <li>{link(*id)}</li> }).collect_view();
            (!ids.is_empty()).then(|| view! { <dt>"Depends on"</dt> <dd><ul class="plain">{items}</ul></dd> })
        }}
    }
}

/// Forms, so that a task moves before the WASM is there too.
#[component]
fn MoveButtons(task: Memo<Task>, others: RwSignal<Vec<Task>>) -> impl IntoView {
    let id = task.with_untracked(|task| task.id);
    let button = move |state: TaskState| {
        let submit = move |event: leptos::ev::SubmitEvent| {
            event.prevent_default();
            tasks::move_to(others, id, state);
        };
        view! {
            <form method="post" action=MoveTask::url() class="inline" on:submit=submit>
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="state" value=state.as_str() />
                <button type="submit" class="button small">
                    <span class=format!("state-dot state-{}", state.as_str()) aria-hidden="true"></span>
                    {state.label()}
                </button>
            </form>
        }
    };
    view! {
        <h2 class="facts-heading">"Move to"</h2>
        <div class="move-buttons">
            {move || task.with(|task| task.state.next().iter().copied().map(button).collect_view())}
        </div>
    }
}

/// What came out of the task.
#[component]
fn TaskResults(task: Memo<Task>) -> impl IntoView {
    move || {
        let result = task.with(|task| task.result.clone());
        let rows = [("Branch", result.branch), ("Commit", result.commit)];
        let rows = rows.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
        let rows = rows.map(|(name, value)| view! { <dt>{name}</dt> <dd class="code">{value}</dd> }).collect_view();
        let link = result.pull_request.map(|url| {
            let address = url.clone();
            view! { <dt>"Pull request"</dt> <dd><a href=address rel="external noopener noreferrer">{url}</a></dd> }
        });
        let notes = result.notes.map(|notes| view! { <Markdown text=Signal::stored(notes) nothing="" /> });
        let is_empty = task.with(|task| task.result == domain::TaskResult::default());
        (!is_empty).then(|| {
            view! {
                <section class="section" aria-labelledby="result">
                    <h2 id="result">"Result"</h2>
                    <dl class="facts-list">{rows} {link}</dl>
                    {notes}
                </section>
            }
        })
    }
}

/// The timeline; read again when the task changes.
#[component]
fn History(id: TaskId, task: Memo<Task>) -> impl IntoView {
    // Notes and reports are no new version of the task.
    let news = RwSignal::new(0_u32);
    Live::of_page().listen(move |event| match event {
        LiveEvent::Task(changed) if changed.id == id => news.update(|news| *news += 1),
        LiveEvent::Question(changed) if changed.task_id == Some(id) => news.update(|news| *news += 1),
        _ => {}
    });
    let moment = move || format!("{} {}", task.with(|task| task.version), news.get());
    let events = read(moment, move || task_timeline(id));
    let timeline = while_read(skeleton::few, move || async move {
        let entries = events.get().await?;
        Ok(view! { <Timeline entries /> })
    });
    view! {
        <section class="section" aria-labelledby="timeline">
            <h2 id="timeline">"Timeline"</h2>
            <NoteForm id />
            {timeline}
        </section>
    }
}

fn check_note(input: &NoteTask) -> Result<(), Invalid> {
    domain::validate::note(&input.markdown).map(drop).map_err(|complaint| Invalid::field("markdown", complaint))
}

/// Where a person writes on the timeline. The timeline shows the note when it is told of it.
#[component]
fn NoteForm(id: TaskId) -> impl IntoView {
    let (markdown, toasts) = (RwSignal::new(String::new()), Toasts::of_page());
    let done = move |()| {
        markdown.set(String::new());
        toasts.done("The note is written.");
    };
    view! {
        <Form id="note" done check=check_note>
            <input type="hidden" name="id" value=id.to_string() />
            <TextArea
                label="Note"
                field="markdown"
                name="markdown"
                value=markdown
                rows=2
                hint="Its agent is told with its next report."
            />
            <div class="form-actions start"><SubmitButton label="Add note" class="button" /></div>
        </Form>
    }
}
