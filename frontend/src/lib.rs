//! The browser's entry: hydrates the dashboard that the server rendered.

use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the page once the WASM is there.
#[wasm_bindgen]
pub fn hydrate() {
    app::start();
}
