//! The messages at the edge of the page, read out as they come.

use leptos::prelude::*;

use super::icon::{Drawing, Icon};
use crate::{
    lean::view,
    state::toasts::{Toast, Toasts},
};

/// The messages that are shown now.
#[component]
pub fn ToastList() -> impl IntoView {
    let toasts = Toasts::of_page();
    let shown = toasts.shown();
    let one = move |toast: Toast| {
        let Toast { id, text, is_error } = toast;
        let drawing = if is_error { Drawing::Warning } else { Drawing::Check };
        view! {
            <li class="toast" class:error=is_error>
                <Icon of=drawing />
                <span>{text}</span>
                <button type="button" class="button ghost square" aria-label="Dismiss" on:click=move |_| toasts.dismiss(id)>
                    <Icon of=Drawing::Close />
                </button>
            </li>
        }
    };
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <ul>
                <For each=move || shown.get() key=|toast| toast.id children=one />
            </ul>
        </div>
    }
}
