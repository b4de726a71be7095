//! New questions on the desktop, for who does not look at the page. The browser is asked for permission when a person
//! clicks for it, and never before.

use domain::{LiveEvent, QuestionStatus};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::live::Live;

/// Whether notifications may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser knows"))]
pub enum Permission {
    /// The server does not know.
    Unknown,
    /// This browser has none, or not without HTTPS.
    Missing,
    /// Nobody was asked yet.
    Open,
    /// They may.
    Granted,
    /// The person, or the browser, said no.
    Denied,
}

/// Shows every new question from now on, where that is allowed, until the component that asked is gone.
pub fn follow() {
    let navigate = use_navigate();
    Live::of_page().listen(move |event| {
        if let LiveEvent::Question(question) = event
            && question.status == QuestionStatus::Pending
        {
            let navigate = navigate.clone();
            show(question, move || navigate("/questions", NavigateOptions::default()));
        }
    });
}

#[cfg(not(feature = "hydrate"))]
fn show(_: &domain::Question, _: impl Fn() + 'static) {}

#[cfg(feature = "hydrate")]
mod browser;
#[cfg(feature = "hydrate")]
use browser::show;
#[cfg(feature = "hydrate")]
pub use browser::{ask, permission};

/// Whether they may be shown now.
#[cfg(not(feature = "hydrate"))]
pub fn permission() -> Permission {
    Permission::Unknown
}

/// Asks the person.
#[cfg(not(feature = "hydrate"))]
pub async fn ask() -> Permission {
    Permission::Unknown
}
