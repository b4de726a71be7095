//! The menu that moves a task: one for the whole board, shown at the button that was pressed.

use domain::{TaskId, TaskState};
use leptos::{html, prelude::*};
use wasm_bindgen::JsCast as _;

use super::Board;

use crate::lean::view;

/// The height that the menu may need, in pixels; it opens upwards where there is less below.
const HEIGHT: f64 = 260.0;
/// The menu's width, in pixels; the style sheet has the same.
const WIDTH: f64 = 180.0;

/// Which task the menu is for, and where its button is on the screen, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MenuPlace {
    /// The task.
    pub task: TaskId,
    /// The button's right edge.
    pub right: f64,
    /// The button's lower edge.
    pub bottom: f64,
    /// The button's upper edge.
    pub top: f64,
}

/// The menu.
#[component]
pub fn MoveMenu(
    /// Where it is open, if it is.
    place: RwSignal<Option<MenuPlace>>,
) -> impl IntoView {
    let board = expect_context::<Board>();
    let node = NodeRef::<html::Div>::new();
    Effect::new(move || {
        if let (Some(menu), Some(place)) = (node.get(), place.get()) {
            request_animation_frame(move || show(&menu, place));
        }
    });
    let states = move || {
        let id = place.get()?.task;
        board.tasks.with(|tasks| tasks.iter().find(|task| task.id == id).map(|task| (id, task.state)))
    };
    let choose = move |id: TaskId, state: TaskState| {
        move |_| {
            if let Some(menu) = node.get_untracked() {
                // It fails when the menu is closed already only.
                let _ = menu.hide_popover();
            }
            place.set(None);
            board.move_to(id, state);
        }
    };
    let buttons = move || {
        states().map(|(id, from)| {
            let targets = from.next().iter().copied();
            let button = move |state: TaskState| {
                view! {
                    <button type="button" on:click=choose(id, state)>
                        <span class=format!("state-dot state-{}", state.as_str()) aria-hidden="true"></span>
                        {state.label()}
                    </button>
                }
            };
            targets.map(button).collect_view()
        })
    };
    view! {
        <div node_ref=node popover="auto" class="menu" role="group" aria-label="Move to">
            {buttons}
        </div>
    }
}

fn show(menu: &web_sys::HtmlDivElement, place: MenuPlace) {
    let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
    let left = (place.right - WIDTH).max(8.0);
    let style = web_sys::HtmlElement::style(menu);
    let (edge, other, distance) = if height - place.bottom > HEIGHT {
        ("top", "bottom", place.bottom + 4.0)
    } else {
        ("bottom", "top", height - place.top + 4.0)
    };
    // Setting a known property does not fail.
    let _ = style.set_property("left", &format!("{left}px"));
    let _ = style.set_property(edge, &format!("{distance}px"));
    let _ = style.set_property(other, "auto");
    // It fails when the menu is open already only.
    let _ = menu.show_popover();
    let first = menu.query_selector("button").ok().flatten();
    if let Some(button) = first.and_then(|button| button.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = button.focus();
    }
}
