//! Opens addresses that the agent printed. They are not to be trusted.

use leptos::prelude::window;
use web_sys::Url;

/// Opens a web page in a new tab that cannot reach back to this one. Anything but a web page is ignored.
pub fn open(address: &str) {
    let Ok(url) = Url::new(address) else { return };
    if matches!(url.protocol().as_str(), "http:" | "https:") {
        // The browser may refuse a new tab; it says so itself.
        let _ = window().open_with_url_and_target_and_features(&url.href(), "_blank", "noopener,noreferrer");
    }
}
