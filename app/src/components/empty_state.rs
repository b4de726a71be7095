//! What stands where a list is empty: what would be there, and the next step.

use leptos::prelude::*;

use crate::lean::view;

/// An empty place and the next step.
#[component]
pub fn EmptyState(
    /// What there is none of.
    #[prop(into)]
    heading: String,
    /// What it would be good for, and what to do.
    #[prop(into)]
    text: String,
    /// The next step.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <h2>{heading}</h2>
            <p>{text}</p>
            {children.map(|children| view! { <div class="empty-actions">{children()}</div> })}
        </div>
    }
}
