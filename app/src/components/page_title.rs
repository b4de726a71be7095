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
    view! { <Title text=move || text.with(|text| escape::title(text)) /> }
}
