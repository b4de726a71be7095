//! The top of a page: where one is, and what one can do here.

use leptos::prelude::*;

use super::page_title::PageTitle;
use crate::lean::view;

/// A link to where one comes from.
#[derive(Debug, Clone)]
pub struct Crumb {
    /// What it is called.
    pub text: String,
    /// Its address.
    pub href: String,
}

/// The heading of a page with its way back and its buttons.
#[component]
pub fn PageHeader(
    /// The heading.
    #[prop(into)]
    title: Signal<String>,
    /// The way back, outermost first.
    #[prop(optional)]
    crumbs: Vec<Crumb>,
    /// The page's buttons.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let has_crumbs = !crumbs.is_empty();
    let crumbs =
        crumbs.into_iter().map(|Crumb { text, href }| view! { <li><a href=href>{text}</a></li> }).collect_view();
    let crumbs = has_crumbs.then(|| view! { <nav aria-label="Breadcrumb" class="crumbs"><ol>{crumbs}</ol></nav> });
    view! {
        <PageTitle text=title />
        <div class="page-header">
            <div class="page-title">
                {crumbs}
                <h1>{move || title.get()}</h1>
            </div>
            {children.map(|children| view! { <div class="page-actions">{children()}</div> })}
        </div>
    }
}
