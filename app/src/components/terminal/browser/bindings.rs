//! The parts of xterm 6 that xterm-js-rs, made for xterm 4, does not know, and the loader of our own module.

use js_sys::{Function, Object, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

#[wasm_bindgen(module = "xterm")]
extern "C" {
    /// Fetches xterm and the addons of every terminal (`frontend/xterm/lazy.mjs`).
    #[wasm_bindgen(catch)]
    pub async fn load() -> Result<JsValue, JsValue>;

    /// Fetches the WebGL renderer. Says `false` where the machine would only emulate it.
    #[wasm_bindgen(catch, js_name = loadWebgl)]
    pub async fn load_webgl() -> Result<JsValue, JsValue>;

    /// What a person does with a terminal besides typing (`frontend/xterm/tools.mjs`).
    pub type Tools;

    /// Gives a terminal in an element its tools, and guards its clipboard.
    pub fn equip(terminal: &Terminal6, host: &HtmlElement) -> Tools;

    /// Finds a text, upwards from the last find, and says whether it is there.
    #[wasm_bindgen(method)]
    pub fn find(this: &Tools, text: &str, up: bool) -> bool;

    /// History and screen are about to come anew: keeps the place of whoever reads back.
    #[wasm_bindgen(method, js_name = startOver)]
    pub fn start_over(this: &Tools);

    /// All that came is shown.
    #[wasm_bindgen(method)]
    pub fn settle(this: &Tools);

    /// Saves history and screen as a text file.
    #[wasm_bindgen(method)]
    pub fn download(this: &Tools, name: &str);

    /// Changes the font size by so many pixels; 0 goes back to the usual one.
    #[wasm_bindgen(method)]
    pub fn zoom(this: &Tools, pixels: i32);

    /// Whether screen readers were told last time.
    #[wasm_bindgen(method, js_name = recallsReading)]
    pub fn recalls_reading(this: &Tools) -> bool;

    /// Whether screen readers are told what is printed. It is kept for the next time.
    #[wasm_bindgen(method, js_name = readAloud)]
    pub fn read_aloud(this: &Tools, on: bool);

    /// A key of the key bar.
    #[wasm_bindgen(method)]
    pub fn press(this: &Tools, key: &str);

    /// Takes everything away.
    #[wasm_bindgen(method)]
    pub fn dispose(this: &Tools);

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
