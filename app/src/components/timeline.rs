//! What happened, who did it and when; newest first.

use domain::ActorKind;
use leptos::prelude::*;

use super::time::Time;
use crate::{api::timeline::Entry, lean::view};

/// A timeline.
#[component]
pub fn Timeline(
    /// What happened, oldest first.
    entries: Vec<Entry>,
) -> impl IntoView {
    let lines = entries.into_iter().rev().map(|entry| view! { <Line entry /> }).collect_view();
    view! { <ol class="timeline">{lines}</ol> }
}

#[component]
fn Line(entry: Entry) -> impl IntoView {
    let Entry { at, by, name, what, why } = entry;
    let mark = match by {
        ActorKind::Agent => "timeline-mark agent",
        ActorKind::User => "timeline-mark user",
        ActorKind::System => "timeline-mark",
    };
    view! {
        <li>
            <span class=mark aria-hidden="true"></span>
            <p>
                <strong>{name}</strong>
                " "
                {what}
                " "
                <span class="quiet"><Time at /></span>
            </p>
            {(!why.is_empty()).then(|| view! { <p class="quiet">{why}</p> })}
        </li>
    }
}
