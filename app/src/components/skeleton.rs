//! What stands where something is about to be, in its size, so that nothing jumps.

use leptos::prelude::*;

use crate::lean::view;

/// Grey lines where a table will be.
pub fn table() -> AnyView {
    lines(5)
}

/// Grey lines where a few entries will be.
pub fn few() -> AnyView {
    lines(2)
}

/// Grey lines where a page will be.
pub fn page() -> AnyView {
    view! { <div class="page">{lines(5)}</div> }
}

/// Nothing, for what is too small to announce itself.
pub fn nothing() -> AnyView {
    ().into_any()
}

fn lines(number: usize) -> AnyView {
    let lines = std::iter::repeat_with(|| view! { <div class="skeleton-row"></div> }).take(number).collect_view();
    view! {
        <div class="skeleton-table" role="status">
            <span class="visually-hidden">"Loading…"</span>
            {lines}
        </div>
    }
}
