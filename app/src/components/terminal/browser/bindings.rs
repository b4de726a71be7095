//! The parts of xterm 6 that xterm-js-rs, made for xterm 4, does not know, and the loader of our own module.

use js_sys::{Function, Object, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "xterm")]
extern "C" {
    /// Fetches xterm and the addons of every terminal (`frontend/xterm/lazy.mjs`).
    #[wasm_bindgen(catch)]
    pub async fn load() -> Result<JsValue, JsValue>;

    /// Fetches the WebGL renderer. Says `false` where the machine would only emulate it.
    #[wasm_bindgen(catch, js_name = loadWebgl)]
    pub async fn load_webgl() -> Result<JsValue, JsValue>;

    /// A terminal as xterm 6 knows it.
    pub type Terminal6;

    /// Writes bytes; `done` is called once they are parsed. The array must not be a view of WASM memory: xterm keeps it
    /// and reads it later.
    #[wasm_bindgen(method, catch)]
    pub fn write(this: &Terminal6, bytes: &Uint8Array, done: &Function) -> Result<(), JsValue>;

    /// The options in force; assigning to a member changes it.
    #[wasm_bindgen(method, getter)]
    pub fn options(this: &Terminal6) -> Object;

    /// Loads an addon, which may find that it cannot work here.
    #[wasm_bindgen(method, catch, js_name = loadAddon)]
    pub fn try_load_addon(this: &Terminal6, addon: &JsValue) -> Result<(), JsValue>;

    /// The WebGL addon as xterm 6 knows it.
    pub type WebglAddon6;

    /// Calls back when the browser takes the graphics context away.
    #[wasm_bindgen(method, js_name = onContextLoss)]
    pub fn on_context_loss(this: &WebglAddon6, listener: &Function);

    /// Removes the addon, which may fail once its context is gone.
    #[wasm_bindgen(method, catch, js_name = dispose)]
    pub fn try_dispose(this: &WebglAddon6) -> Result<(), JsValue>;
}
