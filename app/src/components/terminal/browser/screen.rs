//! xterm on the page: made, filled, measured, painted and disposed of. It knows nothing of connections.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use domain::terminal::Size;
use js_sys::{Object, Reflect, Uint8Array};
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlElement, KeyboardEvent};
use xterm_js_rs::{
    Disposable, Terminal, TerminalOptions,
    addons::{fit::FitAddon, web_links::WebLinksAddon},
};

use super::{
    bindings::{self, Terminal6, Tools},
    keys,
    link::Place,
    links,
    renderer::Renderer,
    theme,
};

/// Lines that can be scrolled back.
const SCROLLBACK: u32 = 5_000;
/// Text is at least so distinct from what is behind it (WCAG 2.2, AA): `ls` prints black on green.
const CONTRAST: f64 = 4.5;
/// Font size in CSS pixels.
const FONT_SIZE: u32 = 13;
/// The family for measuring and painting when the page names none.
const FONT_FALLBACK: &str = "monospace";
/// Clears everything, in step with what was written before: `Terminal.reset` would overtake it.
const FULL_RESET: &[u8] = b"\x1bc";

/// Takes bytes that were typed.
type Typed = Box<dyn Fn(&[u8])>;

/// What xterm reports.
pub struct Handlers {
    /// This was typed, pasted, or answered by the terminal itself.
    pub typed: Typed,
    /// Everything up to a place has been parsed; also whether that is all there is.
    pub shown: Box<dyn Fn(Place, bool)>,
}

/// A terminal on the page.
pub struct Screen {
    terminal: Rc<Terminal>,
    fit: FitAddon,
    host: HtmlElement,
    writes: Rc<RefCell<VecDeque<Option<Place>>>>,
    tools: Tools,
    renderer: Renderer,
    listening: Vec<Disposable>,
    _on_data: Closure<dyn FnMut(String)>,
    _on_binary: Closure<dyn FnMut(String)>,
    _on_key: Closure<dyn FnMut(KeyboardEvent) -> bool>,
    _on_link: Closure<dyn FnMut(JsValue, String)>,
    on_parsed: JsValue,
}

impl Screen {
    /// Fetches xterm and puts a terminal into `host`.
    pub async fn open(host: HtmlElement, handlers: Handlers) -> Result<Self, JsValue> {
        bindings::load().await?;
        let font = font_of(&host);
        wait_for_font(&font).await;
        let on_link = Closure::<dyn FnMut(JsValue, String)>::new(|_, address: String| links::open(&address));
        let terminal = Rc::new(Terminal::new(&options(&font, &host, on_link.as_ref())?));
        let fit = FitAddon::new();
        terminal.load_addon(fit.clone().unchecked_into());
        let address_links = WebLinksAddon::new(Some(on_link.as_ref().unchecked_ref()), None, None);
        terminal.load_addon(address_links.unchecked_into());
        terminal.open(host.clone());

        let Handlers { typed, shown } = handlers;
        let typed = Rc::new(typed);
        let on_data = Closure::<dyn FnMut(String)>::new({
            let typed = Rc::clone(&typed);
            move |text: String| typed(text.as_bytes())
        });
        // Mouse reports of old programs: each character is one byte.
        let on_binary = Closure::<dyn FnMut(String)>::new(move |text: String| {
            typed(&text.chars().map(|character| (u32::from(character) & 0xff) as u8).collect::<Vec<_>>());
        });
        let listening = vec![
            terminal.on_data(on_data.as_ref().unchecked_ref()),
            terminal.on_binary(on_binary.as_ref().unchecked_ref()),
        ];
        let on_key = keys::handler(&terminal);
        terminal.attach_custom_key_event_handler(on_key.as_ref().unchecked_ref());
        let writes = Rc::new(RefCell::new(VecDeque::new()));
        // xterm calls it back for what it has still to parse, even after its end: the browser keeps it as long as somebody may.
        let on_parsed = Closure::<dyn FnMut()>::new({
            let writes = Rc::clone(&writes);
            move || {
                let place = writes.borrow_mut().pop_front().flatten();
                if let Some(place) = place {
                    let is_idle = writes.borrow().is_empty();
                    shown(place, is_idle);
                }
            }
        })
        .into_js_value();
        let tools = bindings::equip(terminal.unchecked_ref(), &host);
        let renderer = Renderer::start(&terminal).await;
        Ok(Self {
            terminal,
            fit,
            host,
            writes,
            tools,
            renderer,
            listening,
            _on_data: on_data,
            _on_binary: on_binary,
            _on_key: on_key,
            _on_link: on_link,
            on_parsed,
        })
    }

    /// Starts over: screen, history and modes.
    pub fn reset(&self) {
        self.tools.start_over();
        self.write_marked(&Uint8Array::from(FULL_RESET), None);
    }

    /// Prints. Once that is parsed, the terminal is at this place.
    pub fn write(&self, bytes: &Uint8Array, place: Place) {
        self.write_marked(bytes, Some(place));
    }

    fn write_marked(&self, bytes: &Uint8Array, place: Option<Place>) {
        let terminal: &Terminal6 = self.terminal.unchecked_ref();
        self.writes.borrow_mut().push_back(place);
        // It throws only when far more is waiting than the gateway ever sends ahead.
        let _ = terminal.write(bytes, self.on_parsed.unchecked_ref());
    }

    /// What a person does with the screen besides typing.
    pub fn tools(&self) -> &Tools {
        &self.tools
    }

    /// Fits the terminal to its element. `None` while the element cannot be seen.
    pub fn fit(&self) -> Option<Size> {
        if self.host.offset_width() == 0 || self.host.offset_height() == 0 {
            return None;
        }
        let proposal: JsValue = self.fit.propose_dimensions().into();
        let number =
            |name: &str| Reflect::get(&proposal, &name.into()).ok()?.as_f64().filter(|value| value.is_finite());
        #[expect(clippy::cast_possible_truncation, reason = "a screen is not that wide")]
        let (cols, rows) = (number("cols")? as i64, number("rows")? as i64);
        let size = Size::clamped(cols, rows);
        // An element that is about to be laid out may be too small for any terminal: wait for the next call.
        if (i64::from(size.cols), i64::from(size.rows)) > (cols, rows) {
            return None;
        }
        if self.size() != size {
            self.terminal.resize(size.cols.into(), size.rows.into());
        }
        Some(size)
    }

    /// The size in force.
    pub fn size(&self) -> Size {
        Size::clamped(self.terminal.get_cols().into(), self.terminal.get_rows().into())
    }

    /// Takes over the page's colours.
    pub fn repaint(&self) {
        let options = self.terminal.unchecked_ref::<Terminal6>().options();
        // It fails for frozen objects only.
        let _ = Reflect::set(&options, &"theme".into(), &theme::of(&self.host));
    }

    /// Puts the cursor here.
    pub fn focus(&self) {
        self.terminal.focus();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        for listener in self.listening.drain(..) {
            listener.dispose();
        }
        self.tools.dispose();
        self.renderer.stop();
        self.terminal.dispose();
    }
}

fn options(font: &str, host: &HtmlElement, on_link: &JsValue) -> Result<TerminalOptions, JsValue> {
    let options = TerminalOptions::new();
    options
        .with_scrollback(SCROLLBACK)
        .with_font_family(font)
        .with_font_size(FONT_SIZE)
        .with_cursor_blink(false)
        .with_mac_option_is_meta(true);
    let link_handler = Object::new();
    Reflect::set(&link_handler, &"activate".into(), on_link)?;
    for (name, value) in [
        ("allowProposedApi", JsValue::TRUE),
        ("minimumContrastRatio", CONTRAST.into()),
        ("rescaleOverlappingGlyphs", JsValue::TRUE),
        ("customGlyphs", JsValue::TRUE),
        ("linkHandler", link_handler.into()),
        ("theme", theme::of(host)),
    ] {
        Reflect::set(&options, &name.into(), &value)?;
    }
    Ok(options)
}

fn font_of(host: &HtmlElement) -> String {
    let style = window().get_computed_style(host).ok().flatten();
    let family = style.and_then(|style| style.get_property_value("font-family").ok()).unwrap_or_default();
    if family.is_empty() { FONT_FALLBACK.to_owned() } else { family }
}

/// A terminal measures its cells once: with a font that is still on its way they would all be wrong.
async fn wait_for_font(font: &str) {
    let promise = document().fonts().load(&format!("{FONT_SIZE}px {font}"));
    // Without the font, the next one of the family is measured and painted.
    let _ = JsFuture::from(promise).await;
}
