//! What the browser's tab says.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{escape, lean::view};

/// What the browser's tab says.
#[component]
pub fn PageTitle(
    /// The page's name.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    // The head is written last, when the page that named itself may be gone already: that of a missing page is.
    let first = text.with_untracked(|text| escape::title(text));
    let now = move || text.try_with(|text| escape::title(text)).unwrap_or_else(|| first.clone());
    view! { <Title text=now /> }
}
