//! A task on the board. It moves by drag, by its menu, and by Alt and an arrow key.

use domain::{Priority, Task, TaskState};
use leptos::{ev, prelude::*};

use super::{
    board::Board,
    icon::{Drawing, Icon},
};
use crate::{format, lean::view};

/// One bar for each step of priority; the style of the priority says which are filled.
const BARS: &str = r#"<path class="bar low" d="M4 12.5v-3"></path><path class="bar mid" d="M8 12.5v-6"></path><path class="bar high" d="M12 12.5v-9"></path>"#;

/// A priority as bars and a word.
#[component]
pub fn PriorityMark(
    /// The priority.
    #[prop(into)]
    priority: Signal<Priority>,
) -> impl IntoView {
    view! {
        <span class=move || format!("priority priority-{}", priority.get().as_str())>
            <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" inner_html=BARS></svg>
            {move || priority.get().label()}
        </span>
    }
}

/// A task on the board.
#[component]
pub fn TaskCard(
    /// The task.
    task: Signal<Task>,
) -> impl IntoView {
    let board = expect_context::<Board>();
    let id = task.with_untracked(|task| task.id);
    let drag = move |event: ev::DragEvent| board.drag(id, &event);
    let keydown = move |event: ev::KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowRight" if event.alt_key() => 1,
            "ArrowLeft" if event.alt_key() => -1,
            _ => return,
        };
        event.prevent_default();
        board.step(&task.get_untracked(), step);
    };
    view! {
        <li
            class="card"
            class:dragged=move || board.dragged().get() == Some(id)
            draggable="true"
            on:dragstart=drag
            on:dragend=move |_| board.dragged().set(None)
            on:keydown=keydown
        >
            <a id=card_link(id) class="card-title" href=format!("/tasks/{id}") draggable="false" aria-keyshortcuts="Alt+ArrowLeft Alt+ArrowRight">
                {move || task.with(|task| task.title.clone())}
            </a>
            <Hints task />
            <Progress task />
            <div class="card-foot">
                <PriorityMark priority=Signal::derive(move || task.with(|task| task.priority)) />
                <CardButtons task />
            </div>
        </li>
    }
}

/// How much of a task is done, as its agent estimates it.
pub fn meter(percent: Option<u32>) -> Option<AnyView> {
    percent.map(|percent| {
        view! { <progress class="meter" max="100" value=percent aria-label="Done" title=format!("{percent} %")></progress> }
    })
}

/// The id of a card's link, which carries the card's focus.
pub fn card_link(id: domain::TaskId) -> String {
    format!("card-{id}")
}

/// What a task waits for and what it is a part of.
#[component]
fn Hints(task: Signal<Task>) -> impl IntoView {
    let tasks = expect_context::<Board>().tasks();
    let waits_for = move || {
        tasks.with(|tasks| {
            task.with(|task| {
                let is_open = |other: &&Task| task.depends_on.contains(&other.id) && other.state != TaskState::Done;
                tasks.iter().filter(is_open).count()
            })
        })
    };
    let part_of = move || {
        let parent = task.with(|task| task.parent_id)?;
        tasks.with(|tasks| tasks.iter().find(|other| other.id == parent).map(|other| other.title.clone()))
    };
    view! {
        {move || part_of().map(|title| view! { <p class="card-hint">"Part of " {title}</p> })}
        {move || {
            let number = waits_for();
            (number > 0).then(|| {
                let text = format!("Waits for {}", format::count(number, "task"));
                view! { <p class="card-hint"><Icon of=Drawing::Clock />{text}</p> }
            })
        }}
    }
}

/// Who works on it and what they said last.
#[component]
fn Progress(task: Signal<Task>) -> impl IntoView {
    move || {
        let (held, report, attention) =
            task.with(|task| (task.lease.clone(), task.report.clone(), task.needs_attention()));
        let said = held.map(|lease| {
            let report = report.filter(|report| report.agent_name == lease.agent_name);
            let bar = meter(report.as_ref().and_then(|report| report.percent));
            let words = report.map(|report| format!(": {}", report.summary));
            view! {
                <p class="card-hint"><Icon of=Drawing::Agent /><span class="clip">{lease.agent_name} {words}</span></p>
                {bar}
            }
        });
        let attention = attention.then(|| {
            view! { <p class="card-hint"><Icon of=Drawing::Warning />"Needs attention"</p> }
        });
        view! { {said} {attention} }
    }
}

#[component]
fn CardButtons(task: Signal<Task>) -> impl IntoView {
    let board = expect_context::<Board>();
    let open_menu = move |event: ev::MouseEvent| board.open_menu(task.with_untracked(|task| task.id), &event);
    view! {
        <span class="card-buttons">
            <button type="button" class="button ghost square" aria-label="Edit" title="Edit" aria-haspopup="dialog"
                on:click=move |_| board.edit(task.get_untracked())>
                <Icon of=Drawing::Pencil />
            </button>
            <button type="button" class="button ghost square" aria-label="Move to" title="Move to" aria-haspopup="true"
                on:click=open_menu>
                <Icon of=Drawing::Move />
            </button>
        </span>
    }
}
