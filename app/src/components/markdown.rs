//! Markdown as the server renders it: safe HTML, in the page's own type.

use leptos::prelude::*;

use crate::{api::tasks::render_markdown, lean::view};

/// The text, rendered.
#[component]
pub fn Markdown(
    /// The text.
    #[prop(into)]
    text: Signal<String>,
    /// What to say when there is none.
    nothing: &'static str,
) -> impl IntoView {
    let html = Resource::new(
        move || text.get(),
        |text| async move { if text.trim().is_empty() { Ok(String::new()) } else { render_markdown(text).await } },
    );
    view! {
        <Transition fallback=|| view! { <div class="markdown-loading" role="status"><span class="visually-hidden">"Loading…"</span></div> }>
            {move || Suspend::new(async move {
                match html.await {
                    Ok(html) if html.is_empty() => view! { <p class="quiet">{nothing}</p> }.into_any(),
                    Ok(html) => view! { <div class="markdown" inner_html=html></div> }.into_any(),
                    Err(error) => view! { <p class="field-error">{error.message}</p> }.into_any(),
                }
            })}
        </Transition>
    }
}
