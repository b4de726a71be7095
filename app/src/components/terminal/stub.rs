//! The terminal where there is no browser: it shows nothing and never runs.

use domain::{AgentId, terminal::Mode};
use leptos::{prelude::StoredValue, web_sys::HtmlDivElement};

use super::{Action, Signals};

/// Stands in for the terminal of the browser.
pub struct Viewer;

/// Where a page keeps its terminal. The server cleans a page up on whichever thread sent it, so nothing in it may belong
/// to one thread.
pub fn slot() -> StoredValue<Option<Viewer>> {
    StoredValue::new(None)
}

#[expect(clippy::unused_self, reason = "called like the browser's")]
impl Viewer {
    /// Does nothing.
    pub fn open(_: AgentId, _: Mode, _: HtmlDivElement, _: Signals) -> Self {
        Self
    }

    /// Does nothing.
    pub fn act(&self, _: &Action) {}

    /// Does nothing.
    pub fn retry(&self) {}

    /// Does nothing.
    pub fn revive(&self) {}
}
