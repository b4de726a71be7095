//! What time it is, by the server's clock. The browser's own may be wrong, and a page must say the same on both sides.

use domain::Timestamp;
use leptos::prelude::*;

/// The server's time, moving in steps.
#[derive(Clone, Copy)]
pub struct Clock(RwSignal<Timestamp>);

/// Provides the clock, set to the moment the page was rendered, and keeps it going in the browser.
pub fn provide() {
    let rendered_at = super::session::current().rendered_at;
    let now = RwSignal::new(rendered_at);
    provide_context(Clock(now));
    Effect::new(move || keep_going(now, rendered_at));
}

/// The time now, as a signal that moves every few seconds.
pub fn now() -> Signal<Timestamp> {
    use_context::<Clock>().map_or_else(|| Signal::stored(Timestamp::UNIX_EPOCH), |clock| clock.0.into())
}

/// How often relative times are written anew.
const STEP: std::time::Duration = std::time::Duration::from_secs(10);

/// Adds what passed since the browser took over; milliseconds by the browser's clock, whose offset cancels out.
fn keep_going(now: RwSignal<Timestamp>, rendered_at: Timestamp) {
    let began = js_sys::Date::now();
    let step = move || {
        let passed = js_sys::Date::now() - began;
        let passed = std::time::Duration::try_from_secs_f64(passed / 1000.0).unwrap_or_default();
        if let Ok(time) = rendered_at.checked_add(passed) {
            now.set(time);
        }
    };
    if let Ok(handle) = set_interval_with_handle(step, STEP) {
        on_cleanup(move || handle.clear());
    }
}
