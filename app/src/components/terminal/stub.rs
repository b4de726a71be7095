//! The terminal where there is no browser: it shows nothing and never runs.

use domain::AgentId;
use leptos::web_sys::HtmlDivElement;

use super::Signals;

/// Stands in for the terminal of the browser.
pub struct Viewer;

#[expect(clippy::unused_self, reason = "called like the browser's")]
impl Viewer {
    /// Does nothing.
    pub fn open(_: AgentId, _: HtmlDivElement, _: Signals) -> Self {
        Self
    }

    /// Does nothing.
    pub fn retry(&self) {}

    /// Does nothing.
    pub fn revive(&self) {}
}
