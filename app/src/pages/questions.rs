//! The inbox: what agents wait for.

use leptos::prelude::*;

use crate::{
    api::questions::list_questions,
    components::{
        empty_state::EmptyState, load::when_read, page_header::PageHeader, question_card::QuestionList, skeleton,
    },
    lean::view,
    state::{questions, reading::read_once},
};

/// The inbox.
#[component]
pub fn Questions() -> impl IntoView {
    let open = read_once(list_questions);
    let list = when_read(skeleton::few, move || async move {
        let first = open.get().await?;
        Ok(view! { <Inbox first /> })
    });
    view! {
        <PageHeader title="Questions".to_owned() />
        <div class="page">{list}</div>
    }
}

#[component]
fn Inbox(first: Vec<domain::Question>) -> impl IntoView {
    let open = questions::follow_open(first);
    view! {
        <Show when=move || !open.with(Vec::is_empty) fallback=Nothing>
            <QuestionList questions=open />
        </Show>
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <EmptyState
            heading="No open questions"
            text="When an agent needs a decision, it asks here, and goes on as soon as you answer."
        />
    }
}
