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
    let first = text.with_untracked(|text| escape::title(text));
    // The server writes the head last and outside the page, where the same name may stand for a signal of another
    // person's page. What it sends does not change.
    let changed = move || if cfg!(feature = "ssr") { None } else { text.try_with(|text| escape::title(text)) };
    let now = move || changed().unwrap_or_else(|| first.clone());
    view! { <Title text=now /> }
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt as _, stream};
    use leptos_meta::{ServerMetaContext, provide_meta_context};

    use super::*;

    /// Where signals live, and what they are called there, is the same for two pages of one kind.
    #[tokio::test]
    async fn the_title_is_of_this_page_although_another_was_touched_before_the_head_is_written() {
        let _ = any_spawner::Executor::init_tokio();
        let render = |name: &'static str| {
            let owner = Owner::new_root(None);
            let (context, head) = ServerMetaContext::new();
            owner.with(|| {
                provide_context(context);
                provide_meta_context();
                let _ = view! { <PageTitle text=Signal::stored(name.to_owned()) /> }.into_view().to_html();
            });
            (owner, head)
        };
        let (_mine, head) = render("mine");
        let (_yours, _) = render("yours");
        let page = stream::iter(["<html><head></head></html>".to_owned()]);
        let page: String = head.inject_meta_context(page).await.collect().await;
        assert_eq!(page, "<html><head><title>mine</title></head></html>");
    }
}
