//! The terminal's colours: background and text are the page's, the sixteen others fit the background.

use js_sys::{Object, Reflect};
use leptos::prelude::window;
use wasm_bindgen::JsValue;
use web_sys::HtmlElement;

/// Names of the sixteen colours as xterm's theme has them.
const NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "brightBlack",
    "brightRed",
    "brightGreen",
    "brightYellow",
    "brightBlue",
    "brightMagenta",
    "brightCyan",
    "brightWhite",
];
/// They have a contrast of 4.5 at least on a white background, but for white itself.
const ON_LIGHT: [&str; 16] = [
    "#24292f", "#cf222e", "#116329", "#7d4e00", "#0550ae", "#8250df", "#1b6f77", "#6e7781", "#57606a", "#a40e26",
    "#1a7f37", "#633c01", "#0969da", "#6639ba", "#116f76", "#8c959f",
];
/// They have a contrast of 4.5 at least on a black background, but for black itself.
const ON_DARK: [&str; 16] = [
    "#6e7681", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4", "#8b949e", "#ffa198",
    "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#f0f6fc",
];

/// The theme for an element, from its computed style.
pub fn of(host: &HtmlElement) -> JsValue {
    let style = window().get_computed_style(host).ok().flatten();
    let property =
        |name: &str| style.as_ref().and_then(|style| style.get_property_value(name).ok()).unwrap_or_default();
    let (background, foreground) = (property("background-color"), property("color"));
    let palette = if is_dark(&background) { ON_DARK } else { ON_LIGHT };
    let theme = Object::new();
    let set = |name: &str, value: &str| {
        // It fails for frozen objects only.
        let _ = Reflect::set(&theme, &name.into(), &value.into());
    };
    set("background", &background);
    set("foreground", &foreground);
    set("cursor", &foreground);
    set("cursorAccent", &background);
    set("selectionBackground", if is_dark(&background) { "#3b5070" } else { "#b6d5f7" });
    for (name, colour) in NAMES.iter().zip(palette) {
        set(name, colour);
    }
    theme.into()
}

/// Whether light text is read better on this colour, as browsers write computed colours: `rgb(1, 2, 3)`.
fn is_dark(colour: &str) -> bool {
    // Whole numbers: to read others costs the page 14 kB of code.
    let mut parts = colour
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .filter_map(|part| part.split('.').next()?.parse::<u32>().ok());
    let mut next = || parts.next().unwrap_or(0);
    let (red, green, blue) = (next(), next(), next());
    // The eye's weights (ITU-R BT.601).
    299 * red + 587 * green + 114 * blue < 128_000
}
