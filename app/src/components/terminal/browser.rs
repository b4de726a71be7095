//! The terminal in the browser: joins the screen (xterm), the link (WebSocket) and the page.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::{Rc, Weak},
};

use domain::{AgentId, terminal::Mode};
use gloo_timers::callback::Timeout;
use leptos::{
    prelude::{GetUntracked as _, LocalStorage, RwSignal, Set as _, StoredValue, WithUntracked as _, document, window},
    web_sys::HtmlDivElement,
};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlElement, MutationObserver, MutationObserverInit, ResizeObserver};

use super::{Action, Signals, status::Status};
use link::{Fate, Incoming, Link, Place};
use listener::Listener;
use screen::{Handlers, Screen};

mod bindings;
mod keys;
mod link;
mod links;
mod listener;
mod renderer;
mod screen;
mod theme;

/// How long the element's size must have been the same before the terminal follows, in milliseconds.
const RESIZE_PAUSE: u32 = 100;

/// A terminal on the page. Dropping it takes everything of it away.
pub struct Viewer(Rc<Parts>);

struct Parts {
    agent_id: AgentId,
    mode: Mode,
    signals: Signals,
    host: HtmlElement,
    gone: Cell<bool>,
    screen: OnceCell<Screen>,
    link: OnceCell<Rc<Link>>,
    watchers: RefCell<Option<Watchers>>,
    resizing: RefCell<Option<Timeout>>,
    /// What was typed before there was a link.
    early: RefCell<Vec<u8>>,
    /// The text that is looked for, until the person types again; and whether it is still to be found.
    sought: RefCell<Option<String>>,
    seeks: Cell<bool>,
}

/// Everything that looks at the page; all of it stops when this is dropped.
struct Watchers {
    sizes: ResizeObserver,
    themes: MutationObserver,
    _listeners: Vec<Listener>,
    _on_size: Closure<dyn FnMut()>,
    _on_theme: Closure<dyn FnMut()>,
}

/// Where a page keeps its terminal: here, on the browser's one thread.
pub fn slot() -> StoredValue<Option<Viewer>, LocalStorage> {
    StoredValue::new_local(None)
}

impl Viewer {
    /// Opens an agent's terminal in an element of the page.
    pub fn open(agent_id: AgentId, mode: Mode, host: HtmlDivElement, signals: Signals) -> Self {
        let parts = Rc::new(Parts {
            agent_id,
            mode,
            signals,
            host: host.into(),
            gone: Cell::new(false),
            screen: OnceCell::new(),
            link: OnceCell::new(),
            watchers: RefCell::default(),
            resizing: RefCell::default(),
            early: RefCell::default(),
            sought: RefCell::default(),
            seeks: Cell::new(false),
        });
        spawn_local(load(Rc::downgrade(&parts)));
        Self(parts)
    }

    /// The agent runs again: connects unless it is connected.
    pub fn revive(&self) {
        if let Some(link) = self.0.link.get() {
            link.revive();
        }
    }

    /// The person does something besides typing.
    pub fn act(&self, action: &Action) {
        self.0.act(action);
    }

    /// The person asks for a connection, or for another try at loading.
    pub fn retry(&self) {
        if let Some(link) = self.0.link.get() {
            link.ask();
            self.0.focus();
        } else {
            self.0.signals.status.set(Status::Loading);
            spawn_local(load(Rc::downgrade(&self.0)));
        }
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.0.gone.set(true);
        self.0.watchers.take();
        self.0.resizing.take();
    }
}

/// Fetches xterm and connects. The person may have left before it has come.
async fn load(parts: Weak<Parts>) {
    let Some(host) = parts.upgrade().map(|parts| parts.host.clone()) else { return };
    let handlers = Handlers { typed: Box::new(typed(&parts)), shown: Box::new(shown(&parts)) };
    let screen = Screen::open(host, handlers).await;
    let Some(parts) = parts.upgrade().filter(|parts| !parts.gone.get()) else { return };
    match screen {
        Ok(screen) => parts.begin(screen),
        Err(error) => parts.signals.status.set(Status::Broken(reason(&error))),
    }
}

impl Parts {
    fn begin(self: &Rc<Self>, screen: Screen) {
        let size = screen.fit().unwrap_or_else(|| screen.size());
        if self.screen.set(screen).is_err() {
            return;
        }
        let owner = {
            let parts = Rc::downgrade(self);
            move |incoming| {
                if let Some(parts) = parts.upgrade().filter(|parts| !parts.gone.get()) {
                    parts.on_incoming(incoming);
                }
            }
        };
        let link = Link::start(self.agent_id, size, self.mode, owner);
        let early = self.early.take();
        if !early.is_empty() {
            link.type_in(&early);
        }
        // Nothing else sets it.
        let _ = self.link.set(link);
        match self.watch() {
            Ok(watchers) => drop(self.watchers.replace(Some(watchers))),
            // Without them it keeps its first size and colours, which is better than nothing.
            Err(error) => leptos::logging::warn!("the terminal cannot follow the page: {}", reason(&error)),
        }
        if let Some(reads) = self.signals.reads {
            self.take_up_reading(reads);
        }
        self.focus();
    }

    /// Screen readers are told what is printed if they were last time, or if somebody asked for it while all this was on its way.
    fn take_up_reading(&self, reads: RwSignal<bool>) {
        let Some(tools) = self.screen.get().map(Screen::tools) else { return };
        if reads.get_untracked() || tools.recalls_reading() {
            reads.set(true);
            tools.read_aloud(true);
        }
    }

    fn on_incoming(&self, incoming: Incoming) {
        let Some(screen) = self.screen.get() else { return };
        match incoming {
            Incoming::StartOver => {
                screen.reset();
                self.seeks.set(self.sought.borrow().is_some());
            }
            Incoming::Output(bytes, place) => screen.write(&bytes, place),
            Incoming::Status(status) => {
                if status.is_live() && !self.signals.status.with_untracked(Status::is_live) {
                    self.signals.typed.set(None);
                    self.signals.latency.set(None);
                }
                self.signals.status.set(status);
            }
            Incoming::Typed(fate) => self.signals.typed.set(Some(fate.hint())),
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
            Incoming::Latency(millis) => self.signals.latency.set(Some(millis.round() as u32)),
            Incoming::Viewers(drivers, watchers) => self.signals.viewers.set((drivers, watchers)),
        }
    }

    fn act(&self, action: &Action) {
        let Some(tools) = self.screen.get().map(Screen::tools) else { return };
        match action {
            Action::Find(text, up) => {
                let missed = !tools.find(text, *up) && !text.is_empty();
                self.signals.missed.set(missed);
                self.sought.replace(Some(text.clone()).filter(|text| !text.is_empty()));
                // It may be on its way: the screen is cleared some time before the history has come again.
                self.seeks.set(missed);
            }
            Action::Download(name) => tools.download(name),
            Action::Zoom(pixels) => tools.zoom(*pixels),
            Action::ReadAloud(on) => tools.read_aloud(*on),
            Action::Press(key) => tools.press(key),
        }
    }

    /// All that came is shown. What is looked for may be among it: the history comes a piece at a time.
    fn on_shown(&self) {
        let Some(tools) = self.screen.get().map(Screen::tools) else { return };
        let sought = self.sought.borrow();
        if let Some(text) = sought.as_ref().filter(|_| self.seeks.get())
            && tools.find(text, true)
        {
            self.seeks.set(false);
            self.signals.missed.set(false);
        }
        tools.settle();
    }

    /// The person is in the terminal again and looks for nothing any more.
    fn stop_seeking(self: &Rc<Self>) {
        self.sought.take();
    }

    fn watch(self: &Rc<Self>) -> Result<Watchers, JsValue> {
        let on_size = Closure::<dyn FnMut()>::new(weakly(self, Self::resize_soon));
        let sizes = ResizeObserver::new(on_size.as_ref().unchecked_ref())?;
        sizes.observe(&self.host);

        let on_theme = Closure::<dyn FnMut()>::new(weakly(self, Self::repaint));
        let themes = MutationObserver::new(on_theme.as_ref().unchecked_ref())?;
        if let Some(root) = document().document_element() {
            let attributes = MutationObserverInit::new();
            attributes.set_attributes(true);
            themes.observe_with_options(&root, &attributes)?;
        }
        let mut listeners = vec![
            Listener::new(&window(), "online", ignoring(weakly(self, Self::wake))),
            Listener::new(&window(), "pageshow", ignoring(weakly(self, Self::wake))),
            Listener::new(&window(), "pagehide", ignoring(weakly(self, Self::leave))),
            Listener::new(&document(), "visibilitychange", ignoring(weakly(self, Self::wake))),
            Listener::new(&self.host, "terminal-cells", ignoring(weakly(self, Self::resize_soon))),
            Listener::new(&self.host, "focusin", ignoring(weakly(self, Self::stop_seeking))),
        ];
        if let Some(dark) = window().match_media("(prefers-color-scheme: dark)")? {
            listeners.push(Listener::new(&dark, "change", ignoring(weakly(self, Self::repaint))));
        }
        Ok(Watchers { sizes, themes, _listeners: listeners, _on_size: on_size, _on_theme: on_theme })
    }

    /// Follows the element's size once it has settled.
    fn resize_soon(self: &Rc<Self>) {
        let timeout = Timeout::new(RESIZE_PAUSE, weakly(self, Self::resize));
        self.resizing.replace(Some(timeout));
    }

    fn resize(self: &Rc<Self>) {
        let Some(screen) = self.screen.get() else { return };
        let before = screen.size();
        if let Some(size) = screen.fit()
            && let Some(link) = self.link.get()
        {
            link.resize(size);
            if size != before {
                // It may have been measured between two frames, with something beside it that was gone before the next one. Nobody tells
                // of that.
                self.resize_soon();
            }
        }
    }

    fn repaint(self: &Rc<Self>) {
        if let Some(screen) = self.screen.get() {
            screen.repaint();
        }
    }

    /// The page is left.
    fn leave(self: &Rc<Self>) {
        if let Some(link) = self.link.get() {
            link.leave();
        }
    }

    fn wake(self: &Rc<Self>) {
        if !document().hidden()
            && let Some(link) = self.link.get()
        {
            link.wake();
        }
    }

    fn focus(&self) {
        // A page of many must not be scrolled to the last of them.
        if self.mode == Mode::Watch {
            return;
        }
        if let Some(screen) = self.screen.get() {
            screen.focus();
        }
    }
}

impl Drop for Watchers {
    fn drop(&mut self) {
        self.sizes.disconnect();
        self.themes.disconnect();
    }
}

fn typed(parts: &Weak<Parts>) -> impl Fn(&[u8]) + 'static {
    let parts = parts.clone();
    move |bytes| {
        let Some(parts) = parts.upgrade() else { return };
        match parts.link.get() {
            Some(link) => link.type_in(bytes),
            None => parts.early.borrow_mut().extend_from_slice(bytes),
        }
    }
}

fn shown(parts: &Weak<Parts>) -> impl Fn(Place, bool) + 'static {
    let parts = parts.clone();
    move |place, is_idle| {
        let Some(parts) = parts.upgrade() else { return };
        if let Some(link) = parts.link.get() {
            link.shown(place, is_idle);
        }
        if is_idle {
            parts.on_shown();
        }
    }
}

impl Fate {
    /// What a person is told.
    const fn hint(self) -> &'static str {
        match self {
            Self::Waits => "What you type now is sent as soon as the connection is back.",
            Self::Refused => "What you type now is not sent.",
            Self::Lost => "What you typed last may not have arrived.",
        }
    }
}

/// A callback that keeps nothing alive and does nothing once the terminal is gone.
fn weakly(parts: &Rc<Parts>, call: fn(&Rc<Parts>)) -> impl FnMut() + 'static {
    let parts = Rc::downgrade(parts);
    move || {
        if let Some(parts) = parts.upgrade().filter(|parts| !parts.gone.get()) {
            call(&parts);
        }
    }
}

fn ignoring<E>(mut callback: impl FnMut() + 'static) -> impl FnMut(E) + 'static {
    move |_| callback()
}

/// What an error of JavaScript says of itself.
fn reason(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(|| "unknown error".to_owned(), |error| error.message().into())
}
