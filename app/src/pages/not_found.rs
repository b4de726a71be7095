//! There is no such page.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{components::empty_state::EmptyState, lean::view};

/// There is no such page.
#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::api::context::answer_status(domain::ErrorCode::NotFound);
    view! {
        <Title text="Not found" />
        <main class="alone">
            <EmptyState heading="There is no such page" text="The address may be mistyped, or what was here is gone.">
                <a class="button primary" href="/projects">"Go to projects"</a>
            </EmptyState>
        </main>
    }
}
