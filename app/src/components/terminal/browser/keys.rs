//! The keys that copy and paste instead of being typed.

use std::rc::Rc;

use leptos::prelude::document;
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::{HtmlDocument, KeyboardEvent};
use xterm_js_rs::Terminal;

/// Decides for each key whether the terminal gets it.
///
/// Ctrl+C copies while something is selected and interrupts otherwise; Ctrl+Shift+C always copies. For Ctrl+Shift+V the
/// browser pastes by itself as soon as the terminal leaves it alone, without asking for permission.
pub fn handler(terminal: &Rc<Terminal>) -> Closure<dyn FnMut(KeyboardEvent) -> bool> {
    let terminal = Rc::clone(terminal);
    Closure::new(move |event: KeyboardEvent| {
        if !event.ctrl_key() || event.alt_key() || event.meta_key() {
            return true;
        }
        match (event.key().as_str(), event.shift_key()) {
            ("c", false) if terminal.has_selection() => copy(&terminal, &event),
            ("C" | "c", true) => copy(&terminal, &event),
            ("V" | "v", true) => {}
            _ => return true,
        }
        false
    })
}

/// The browser asks xterm what to copy. It works without permission and without HTTPS, unlike the clipboard's own
/// interface.
fn copy(terminal: &Terminal, event: &KeyboardEvent) {
    event.prevent_default();
    if event.type_() != "keydown" || !terminal.has_selection() {
        return;
    }
    let copied = document().unchecked_ref::<HtmlDocument>().exec_command("copy");
    if copied == Ok(true) {
        terminal.clear_selection();
    }
}
