//! The browser's half: an `EventSource` that is made anew when the browser gives up on it.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use domain::{AgentId, ErrorCode, LiveEvent, ProjectId, RuntimeTrouble, TaskId};
use js_sys::{Function, Promise};
use leptos::{ev, prelude::*, task::spawn_local};
use send_wrapper::SendWrapper;
use serde::Deserialize;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::{EventSource, MessageEvent};

use super::Live;
use crate::{
    api::sessions::list_sessions,
    state::{session, toasts},
};

/// Where the events come from.
const ADDRESS: &str = "/api/events";
/// A blink is not worth a word.
const PATIENCE: Duration = Duration::from_millis(1500);
/// How long to wait before asking again after the server refused.
const RETRY: Duration = Duration::from_secs(4);

/// What all tabs of a browser that are out of sight share: who has it listens.
const LOCK: &str = "aiworker-out-of-sight";

#[wasm_bindgen]
extern "C" {
    /// Waits for a lock. It is held until the promise that `granted` returns is fulfilled, or the tab is gone. Fails where
    /// the browser has no locks, as without HTTPS.
    #[wasm_bindgen(catch, js_namespace = ["navigator", "locks"], js_name = request)]
    fn request_lock(name: &str, granted: &Function) -> Result<Promise, JsValue>;
}

/// What the browser calls when something happens, once there is one.
type Listener<E> = RefCell<Option<Closure<dyn FnMut(E)>>>;

/// One page's stream over all its connections.
struct Stream {
    live: Live,
    source: RefCell<Option<EventSource>>,
    is_open: Cell<bool>,
    /// The last event that was seen. A browser forgets it when it gives up on a source.
    last: RefCell<Option<String>>,
    is_over: Cell<bool>,
    /// Whether this tab waits for the lock, and how it gives it back once it has it.
    waits_for_lock: Cell<bool>,
    unlock: RefCell<Option<Function>>,
    on_message: Listener<MessageEvent>,
    on_state: Listener<web_sys::Event>,
    on_lock: RefCell<Option<Closure<dyn FnMut() -> JsValue>>>,
}

/// Opens the stream and closes it with the owner.
pub fn keep_open(live: Live) {
    let stream = Rc::new(Stream {
        live,
        source: RefCell::default(),
        is_open: Cell::new(false),
        last: RefCell::new(session::current().live_position),
        is_over: Cell::new(false),
        waits_for_lock: Cell::new(false),
        unlock: RefCell::default(),
        on_message: RefCell::default(),
        on_state: RefCell::default(),
        on_lock: RefCell::default(),
    });
    let for_messages = Rc::downgrade(&stream);
    *stream.on_message.borrow_mut() = Some(Closure::new(move |message: MessageEvent| {
        let parsed = message.data().as_string().and_then(|data| parse(&message.type_(), data.as_bytes()));
        if let (Some(stream), Some(event)) = (for_messages.upgrade(), parsed) {
            let id = message.last_event_id();
            stream.last.replace((!id.is_empty()).then_some(id));
            stream.live.tell(&event);
        }
    }));
    let for_state = Rc::downgrade(&stream);
    *stream.on_state.borrow_mut() = Some(Closure::new(move |event: web_sys::Event| {
        if let Some(stream) = for_state.upgrade() {
            if event.type_() == "open" { stream.opened() } else { stream.failed() }
        }
    }));
    let for_lock = Rc::downgrade(&stream);
    *stream.on_lock.borrow_mut() =
        Some(Closure::new(move || for_lock.upgrade().map_or(JsValue::UNDEFINED, |stream| stream.locked())));
    stream.connect();
    // Over HTTP/1.1 a browser opens six connections to a server, all tabs together: only tabs in sight keep one, and one
    // of those out of sight, for the title and for notifications.
    let in_sight = window_event_listener(ev::visibilitychange, {
        let stream = Rc::clone(&stream);
        move |_| if document().hidden() { stream.out_of_sight() } else { stream.in_sight() }
    });
    let stream = SendWrapper::new(stream);
    on_cleanup(move || {
        stream.is_over.set(true);
        stream.close();
        stream.give_lock_back();
        in_sight.remove();
    });
}

/// An agent that is gone.
#[derive(Deserialize)]
struct GoneAgent {
    id: AgentId,
}

/// A task that is gone.
#[derive(Deserialize)]
struct GoneTask {
    id: TaskId,
    project_id: ProjectId,
}

/// How the runtime is now.
#[derive(Deserialize)]
struct RuntimeNews {
    trouble: Option<RuntimeTrouble>,
}

/// The event's name says what its data is, so that it is read straight into that.
fn parse(name: &str, data: &[u8]) -> Option<LiveEvent> {
    match name {
        "agent" => serde_json::from_slice(data).ok().map(LiveEvent::Agent),
        "agent_removed" => serde_json::from_slice(data).ok().map(|GoneAgent { id }| LiveEvent::AgentRemoved { id }),
        "task" => serde_json::from_slice(data).ok().map(LiveEvent::Task),
        "task_removed" => {
            let GoneTask { id, project_id } = serde_json::from_slice(data).ok()?;
            Some(LiveEvent::TaskRemoved { id, project_id })
        }
        "question" => serde_json::from_slice(data).ok().map(LiveEvent::Question),
        "runtime" => {
            let RuntimeNews { trouble } = serde_json::from_slice(data).ok()?;
            Some(LiveEvent::Runtime { trouble })
        }
        "resync" => Some(LiveEvent::Resync),
        _ => None,
    }
}

/// The server refuses a stream to whoever is no longer signed in.
async fn leave_if_signed_out() {
    if list_sessions().await.is_err_and(|error| error.code == ErrorCode::Unauthorized) {
        toasts::sign_in_again();
    }
}

impl Stream {
    fn connect(self: &Rc<Self>) {
        let address = match self.last.borrow().as_deref() {
            Some(last) => format!("{ADDRESS}?last_event_id={last}"),
            None => ADDRESS.to_owned(),
        };
        let Ok(source) = EventSource::new(&address) else { return };
        if let Some(on_message) = self.on_message.borrow().as_ref() {
            for name in LiveEvent::NAMES {
                let _ = source.add_event_listener_with_callback(name, on_message.as_ref().unchecked_ref());
            }
        }
        if let Some(on_state) = self.on_state.borrow().as_ref() {
            source.set_onopen(Some(on_state.as_ref().unchecked_ref()));
            source.set_onerror(Some(on_state.as_ref().unchecked_ref()));
        }
        *self.source.borrow_mut() = Some(source);
    }

    /// Connects unless connected. The server tells what was missed, or to read again.
    fn connect_if_closed(self: &Rc<Self>) {
        let is_closed = self.source.borrow().as_ref().is_none_or(|source| source.ready_state() == EventSource::CLOSED);
        if is_closed && !self.is_over.get() {
            self.connect();
        }
    }

    /// Goes silent until the lock is there.
    fn out_of_sight(&self) {
        self.close();
        if let Some(on_lock) = self.on_lock.borrow().as_ref()
            && !self.waits_for_lock.replace(true)
            && request_lock(LOCK, on_lock.as_ref().unchecked_ref()).is_err()
        {
            self.waits_for_lock.set(false);
        }
    }

    fn in_sight(self: &Rc<Self>) {
        self.give_lock_back();
        self.connect_if_closed();
    }

    /// The lock is there. It is kept while the tab stays out of sight.
    fn locked(self: &Rc<Self>) -> JsValue {
        self.waits_for_lock.set(false);
        if self.is_over.get() || !document().hidden() {
            return JsValue::UNDEFINED;
        }
        self.connect_if_closed();
        Promise::new(&mut |unlock, _| drop(self.unlock.replace(Some(unlock)))).into()
    }

    fn give_lock_back(&self) {
        if let Some(unlock) = self.unlock.take() {
            // It cannot fail.
            let _ = unlock.call0(&JsValue::UNDEFINED);
        }
    }

    fn opened(&self) {
        self.is_open.set(true);
        self.live.set_paused(false);
    }

    fn failed(self: &Rc<Self>) {
        self.is_open.set(false);
        let stream = Rc::clone(self);
        set_timeout(move || stream.live.set_paused(!stream.is_open.get() && !stream.is_over.get()), PATIENCE);
        let gave_up = self.source.borrow().as_ref().is_some_and(|source| source.ready_state() == EventSource::CLOSED);
        if gave_up {
            spawn_local(leave_if_signed_out());
            let stream = Rc::clone(self);
            set_timeout(move || stream.connect_if_closed(), RETRY);
        }
    }

    fn close(&self) {
        if let Some(source) = self.source.borrow_mut().take() {
            source.set_onopen(None);
            source.set_onerror(None);
            source.close();
        }
    }
}
