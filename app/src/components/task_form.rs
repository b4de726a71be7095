//! The fields of a task, for making and changing one.

use domain::{Priority, Task, TaskId};
use leptos::prelude::*;

use super::{
    field::{Choice, TextArea, TextField},
    markdown::Markdown,
};

use crate::lean::view;

/// The fields of a task.
#[component]
pub fn TaskFields(
    /// The task to change; none for a new one.
    #[prop(optional_no_strip)]
    task: Option<Task>,
    /// The project's other tasks, to wait for.
    others: Vec<Task>,
    /// What the fields' names begin and end with in the form, if they are parts of one value.
    #[prop(default = ("", ""))]
    around: (&'static str, &'static str),
) -> impl IntoView {
    let name = move |field: &str| format!("{}{field}{}", around.0, around.1);
    let (title, description, priority, depends_on) =
        task.map_or_else(Default::default, |task| (task.title, task.description, task.priority, task.depends_on));
    let description = RwSignal::new(description);
    let chosen = RwSignal::new(priority.as_str().to_owned());
    let options = Priority::ALL.map(|p| (p.as_str().to_owned(), p.label().to_owned())).to_vec();
    view! {
        <TextField label="Title" field="title" name=name("title") value=title autofocus=true />
        <Description name=name("description") text=description />
        <Choice label="Priority" field="priority" name=name("priority") options chosen />
        <DependsOn name=name("depends_on") others chosen=depends_on />
    }
}

/// The description with its preview.
#[component]
fn Description(name: String, text: RwSignal<String>) -> impl IntoView {
    let shows_preview = RwSignal::new(false);
    let pressed = move |preview: bool| move || if shows_preview.get() == preview { "true" } else { "false" };
    view! {
        <div class="with-preview">
            <div class="segments" role="group" aria-label="Description as">
                <button type="button" aria-pressed=pressed(false) on:click=move |_| shows_preview.set(false)>"Write"</button>
                <button type="button" aria-pressed=pressed(true) on:click=move |_| shows_preview.set(true)>"Preview"</button>
            </div>
            <div hidden=move || shows_preview.get()>
                <TextArea label="Description" field="description" name value=text rows=9 hint="Markdown: lists, code, tables, links." />
            </div>
            <Show when=move || shows_preview.get()>
                <div class="preview">
                    <Markdown text=text nothing="Nothing to preview." />
                </div>
            </Show>
        </div>
    }
}

/// Which tasks must be done first.
#[component]
fn DependsOn(name: String, others: Vec<Task>, chosen: Vec<TaskId>) -> impl IntoView {
    if others.is_empty() {
        return ().into_any();
    }
    let name = format!("{name}[]");
    let is_open = !chosen.is_empty();
    let choices = others.into_iter().map(move |task| {
        let is_chosen = chosen.contains(&task.id);
        view! {
            <li>
                <label class="check">
                    <input type="checkbox" name=name.clone() value=task.id.to_string() checked=is_chosen />
                    <span>{task.title}</span>
                    <span class="quiet">{task.state.label()}</span>
                </label>
            </li>
        }
    });
    view! {
        <details class="advanced" open=is_open>
            <summary>"Depends on"</summary>
            <p class="field-hint">"Agents get this task once these are done."</p>
            <ul class="checks">{choices.collect_view()}</ul>
        </details>
    }
}
