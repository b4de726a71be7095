//! What was last on the terminal of an agent that does not run any more.

use domain::terminal::KeptText;
use leptos::prelude::*;

use super::time::Time;
use crate::lean::view;

/// The end of what was on the terminal; a link leads to all of it.
#[component]
pub fn LastScreen(
    /// What was kept.
    kept: KeptText,
) -> impl IntoView {
    let KeptText { of, text } = kept;
    view! {
        <p class="quiet">
            "As it was read "
            <Time at=of.captured_at />
            ". "
            <a href=format!("/agent-terminal/{}/history", of.agent_id) download="" rel="external">
                "Save the whole history"
            </a>
        </p>
        <pre class="log last-screen" tabindex="0" role="region" aria-label="Last screen">{text}</pre>
    }
}
