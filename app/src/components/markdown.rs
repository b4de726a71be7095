//! Markdown as the server renders it: safe HTML, in the page's own type.

use leptos::prelude::*;

use super::load::while_read;
use crate::{api::tasks::render_markdown, lean::view, state::reading::read};

/// The text, rendered.
#[component]
pub fn Markdown(
    /// The text.
    #[prop(into)]
    text: Signal<String>,
    /// What to say when there is none.
    nothing: &'static str,
) -> impl IntoView {
    let html = read(
        move || text.get(),
        move || {
            let text = text.get();
            async move { if text.trim().is_empty() { Ok(String::new()) } else { render_markdown(text).await } }
        },
    );
    while_read(loading, move || async move {
        let html = html.get().await?;
        Ok(if html.is_empty() {
            view! { <p class="quiet">{nothing}</p> }
        } else {
            view! { <div class="markdown" inner_html=html></div> }
        })
    })
}

fn loading() -> AnyView {
    view! {
        <div class="markdown-loading" role="status">
            <span class="visually-hidden">"Loading…"</span>
        </div>
    }
}
