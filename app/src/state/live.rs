//! What changes while one watches: the one event stream of a page, and who listens to it.
//!
//! The browser reconnects by itself and names the last event it saw; when the server no longer has what came after, it
//! says `resync` and pages read again what they show.

use std::{collections::VecDeque, sync::Arc};

use domain::LiveEvent;
use leptos::prelude::*;

type Listener = Arc<dyn Fn(&LiveEvent) + Send + Sync>;

/// For how long an event is told to those who come late, in milliseconds: a list may have been read before the event
/// and shown after it. Listeners know what is older than what they show.
const RECENT: f64 = 10_000.0;
/// How many such events are kept.
const RECENT_MAX: usize = 256;

/// The event stream of this page.
#[derive(Clone, Copy)]
pub struct Live {
    paused: RwSignal<bool>,
    listeners: StoredValue<Vec<(u64, Listener)>>,
    recent: StoredValue<VecDeque<(f64, LiveEvent)>>,
    next: StoredValue<u64>,
}

/// Provides the stream; [`Live::open`] opens it.
pub fn provide() {
    provide_context(Live::closed());
}

impl Live {
    fn closed() -> Self {
        Self {
            paused: RwSignal::new(false),
            listeners: StoredValue::new(Vec::new()),
            recent: StoredValue::new(VecDeque::new()),
            next: StoredValue::new(0),
        }
    }

    /// The stream of this page.
    pub fn of_page() -> Self {
        use_context().unwrap_or_else(Self::closed)
    }

    /// Whether the stream has been down long enough that a person should know.
    pub fn is_paused(self) -> bool {
        self.paused.get()
    }

    /// Calls `listener` with every event until the component that asked is gone. On the server there are none.
    pub fn listen(self, listener: impl Fn(&LiveEvent) + Send + Sync + 'static) {
        if cfg!(feature = "ssr") {
            return;
        }
        self.tell_recent(&listener);
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        self.listeners.update_value(|listeners| listeners.push((id, Arc::new(listener))));
        on_cleanup(move || {
            // The stream itself may be gone first.
            self.listeners.try_update_value(|listeners| listeners.retain(|(other, _)| *other != id));
        });
    }

    /// Tells every listener, as if the event had come from the server. Who has changed something and got the answer
    /// says so here, and need not wait for the stream.
    pub fn tell(self, event: &LiveEvent) {
        self.remember(event);
        // A copy, because a listener may mount something that listens too.
        for (_, listener) in self.listeners.get_value() {
            listener(event);
        }
    }

    fn remember(self, event: &LiveEvent) {
        let event = event.clone();
        self.recent.update_value(|recent| match event {
            LiveEvent::Resync => recent.clear(),
            event => {
                recent.truncate(RECENT_MAX - 1);
                recent.push_front((js_sys::Date::now(), event));
            }
        });
    }

    /// Tells what happened within the last seconds, oldest first: to one who has read meanwhile how things are.
    pub fn tell_recent(self, listener: &impl Fn(&LiveEvent)) {
        let recent = self.recent.get_value();
        for (at, event) in recent.iter().rev() {
            if js_sys::Date::now() - at < RECENT {
                listener(event);
            }
        }
    }

    #[cfg(feature = "hydrate")]
    pub(super) fn set_paused(self, paused: bool) {
        if self.paused.try_get_untracked() != Some(paused) {
            self.paused.try_set(paused);
        }
    }

    /// Opens the stream and keeps it open until the component that asked is gone. Does nothing on the server.
    #[cfg_attr(not(feature = "hydrate"), expect(clippy::unused_self, reason = "only a browser has a stream"))]
    pub fn open(self) {
        #[cfg(feature = "hydrate")]
        Effect::new(move || stream::keep_open(self));
    }
}

#[cfg(feature = "hydrate")]
mod stream;
