//! What stands where something is about to be, in its size, so that nothing jumps.

use leptos::prelude::*;

use crate::lean::view;

/// Grey lines where a table will be.
#[component]
pub fn TableSkeleton(
    /// How many lines.
    #[prop(default = 5)]
    rows: usize,
) -> impl IntoView {
    view! {
        <div class="skeleton-table" role="status">
            <span class="visually-hidden">"Loading…"</span>
            {std::iter::repeat_with(|| view! { <div class="skeleton-row"></div> }).take(rows).collect_view()}
        </div>
    }
}
