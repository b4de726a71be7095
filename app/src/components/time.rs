//! A moment as people say it, with the exact one in its title. It moves on by itself.

use domain::Timestamp;
use leptos::prelude::*;

use crate::{format, inert::inert, state::clock};

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
    move || inert(written(now.get(), at, manner))
}

/// A moment as HTML.
pub fn written(now: Timestamp, at: Timestamp, manner: Manner) -> String {
    let text = match manner {
        Manner::Ago => format::ago(now, at),
        Manner::Lasted => format::lasted(now, at),
        Manner::Until => format::until(now, at),
    };
    format!(r#"<time datetime="{at}" title="{}">{text}</time>"#, format::in_full(at))
}
