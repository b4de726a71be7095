//! Small drawings beside words. They never stand alone for a meaning: each has its word, or a label on its button.

use leptos::prelude::*;

use crate::inert::inert;

/// What is drawn, on a grid of 16 by 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawing {
    /// Board.
    Board,
    /// Agent.
    Agent,
    /// A question.
    Question,
    /// Settings.
    Settings,
    /// Plus.
    Plus,
    /// Rocket.
    Rocket,
    /// Close.
    Close,
    /// A door to leave by.
    SignOut,
    /// Stop.
    Stop,
    /// Play.
    Play,
    /// Trash.
    Trash,
    /// Pencil.
    Pencil,
    /// Warning.
    Warning,
    /// Check.
    Check,
    /// Copy.
    Copy,
    /// Move.
    Move,
    /// Back.
    Back,
    /// Link.
    Link,
    /// Branch.
    Branch,
    /// Clock.
    Clock,
    /// Refresh.
    Refresh,
}

impl Drawing {
    const fn path(self) -> &'static str {
        match self {
            Self::Board => "M3 3.5h10v9H3zM6.5 3.5v9M9.75 3.5v9",
            Self::Agent => {
                "M3 3.5h10a.5.5 0 0 1 .5.5v8a.5.5 0 0 1-.5.5H3a.5.5 0 0 1-.5-.5V4a.5.5 0 0 1 .5-.5zM5 6.5 7 8 5 9.5M8.5 10H11"
            }
            Self::Question => "M3 3.5h10v7.5H8l-3 2.5v-2.5H3zM6.6 6a1.5 1.5 0 1 1 2 1.4c-.4.2-.6.4-.6.8M8 9.6h.01",
            Self::Settings => {
                "M2.5 5h6m3 0h2M2.5 11h2m3 0h6M8.5 5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 0 0-3 0zM4.5 11a1.5 1.5 0 1 0 3 0 1.5 1.5 0 0 0-3 0z"
            }
            Self::Plus => "M8 3.5v9M3.5 8h9",
            Self::Rocket => {
                "M6 10 4 8l1.2-2.4C6.4 3.4 9 2.5 13 3c.5 4-.4 6.6-2.6 7.8L8 12zM4.5 11.5 3 13M9.8 6.2h.01M6 10l-2.2.4M6 10l2 2-.4 2.2"
            }
            Self::Close => "m4 4 8 8m0-8-8 8",
            Self::SignOut => "M6.5 3H4a1 1 0 0 0-1 1v8a1 1 0 0 0 1 1h2.5M7 8h6m0 0-2.5-2.5M13 8l-2.5 2.5",
            Self::Stop => "M4.5 4.5h7v7h-7z",
            Self::Play => "m5 3.5 7 4.5-7 4.5z",
            Self::Trash => "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.5 8.5h6l.5-8.5M6.75 7v3.5M9.25 7v3.5",
            Self::Pencil => "m3 13 .6-2.6L10.9 3a1 1 0 0 1 1.4 0l.7.7a1 1 0 0 1 0 1.4l-7.4 7.3z",
            Self::Warning => "M8 2.5 14 13H2zM8 6.5v3M8 11.2v.1",
            Self::Check => "m3.5 8.5 3 3 6-7",
            Self::Copy => "M5.5 5.5h7v7h-7zM3.5 10.5v-7h7",
            Self::Move => "M3 8h10m0 0L10 5m3 3-3 3M3 4v8",
            Self::Back => "M13 8H3m0 0 3.5-3.5M3 8l3.5 3.5",
            Self::Link => {
                "M6.5 9.5 9.5 6.5M7 4.5l1-1a2.5 2.5 0 0 1 3.5 0l1 1a2.5 2.5 0 0 1 0 3.5l-1 1M9 11.5l-1 1a2.5 2.5 0 0 1-3.5 0l-1-1a2.5 2.5 0 0 1 0-3.5l1-1"
            }
            Self::Branch => {
                "M5 3v7M5 10a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3zM11 3.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3zM11 6.5c0 2.5-2 3-6 4"
            }
            Self::Clock => "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3l2 1.5",
            Self::Refresh => "M13 4v3h-3M3 12V9h3M12.6 7A5 5 0 0 0 4 5.2L3 6.5M3.4 9A5 5 0 0 0 12 10.8l1-1.3",
        }
    }
}

/// A drawing as HTML, for what is written as text.
pub fn markup(of: Drawing) -> String {
    drawn(of.path())
}

/// Any drawing as HTML, in the colour of the text around it, hidden from screen readers.
pub(super) fn drawn(path: &str) -> String {
    format!(r#"<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="{path}"></path></svg>"#)
}

/// A drawing in the colour of the text around it, hidden from screen readers.
#[component]
pub fn Icon(
    /// What is drawn.
    of: Drawing,
) -> impl IntoView {
    inert(markup(of))
}
