//! There is no such page.

use leptos::prelude::*;

use crate::{components::page_title::PageTitle, lean::view};

/// There is no such page.
#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::api::context::answer_status(domain::ErrorCode::NotFound);
    view! {
        <PageTitle text="Not found" />
        <main class="alone">
            <div class="empty">
                <h1>"There is no such page"</h1>
                <p>"The address may be mistyped, or what was here is gone."</p>
                <div class="empty-actions">
                    <a class="button primary" href="/projects">"Go to projects"</a>
                </div>
            </div>
        </main>
    }
}
