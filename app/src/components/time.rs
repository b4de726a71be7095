//! A moment as people say it, with the exact one in its title. It moves on by itself.

use domain::Timestamp;
use leptos::prelude::*;

use crate::{format, lean::view, state::clock};

/// How a moment is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Manner {
    /// `3 min ago`.
    #[default]
    Ago,
    /// `3 min`.
    Lasted,
    /// `in 3 min`.
    Until,
}

/// A moment relative to now.
#[component]
pub fn Time(
    /// The moment.
    at: Timestamp,
    /// How it is said.
    #[prop(optional)]
    manner: Manner,
) -> impl IntoView {
    let now = clock::now();
    let text = move || match manner {
        Manner::Ago => format::ago(now.get(), at),
        Manner::Lasted => format::lasted(now.get(), at),
        Manner::Until => format::until(now.get(), at),
    };
    view! {
        <time datetime=at.to_string() title=format::in_full(at)>
            {text}
        </time>
    }
}
