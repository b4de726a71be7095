//! The browser's half.

use domain::Question;
use js_sys::Reflect;
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Notification, NotificationOptions, NotificationPermission};

use super::Permission;

/// Whether they may be shown now.
pub fn permission() -> Permission {
    if !Reflect::has(&window(), &JsValue::from_str("Notification")).unwrap_or(false) {
        return Permission::Missing;
    }
    match Notification::permission() {
        NotificationPermission::Granted => Permission::Granted,
        NotificationPermission::Denied => Permission::Denied,
        _ => Permission::Open,
    }
}

/// Asks the person.
pub async fn ask() -> Permission {
    if let Ok(asking) = Notification::request_permission() {
        // However it ends, what counts is what holds then.
        let _ = JsFuture::from(asking).await;
    }
    permission()
}

/// Shows a question, unless the page itself is before the person's eyes. A click on it leads to the page, and there.
pub fn show(question: &Question, go: impl Fn() + 'static) {
    let is_seen = !document().hidden() && document().has_focus().unwrap_or(false);
    if is_seen || permission() != Permission::Granted {
        return;
    }
    let options = NotificationOptions::new();
    // All tabs of the browser show the same one.
    options.set_tag(&question.id.to_string());
    if let Some(prompt) = question.prompts.first() {
        options.set_body(&prompt.question);
    }
    // Some browsers for phones have the name and not the thing.
    let Ok(shown) = Notification::new_with_options(&format!("{} asks", question.agent_name), &options) else { return };
    let by_hand = shown.clone();
    let clicked = Closure::once_into_js(move || {
        by_hand.close();
        let _ = window().focus();
        go();
    });
    shown.set_onclick(Some(clicked.unchecked_ref()));
}
