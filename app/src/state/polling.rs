//! Asking again and again, for what the server cannot tell by itself.

use std::time::Duration;

use leptos::prelude::*;

/// How often it is asked again. What is asked goes on to the cluster, so not more often.
const EVERY: Duration = Duration::from_secs(3);

/// Calls `ask` every few seconds, as long as the page is in sight and the component that wants it is there. Does nothing on
/// the server.
pub fn again_and_again(ask: impl Fn() + Copy + 'static) {
    Effect::new(move || {
        let ask = move || {
            if !document().hidden() {
                ask();
            }
        };
        if let Ok(handle) = set_interval_with_handle(ask, EVERY) {
            on_cleanup(move || handle.clear());
        }
    });
}
