//! Short messages at the edge of the page: what was done, or why it was not.

use std::time::Duration;

use domain::ErrorCode;
use leptos::prelude::*;

use crate::{error::ApiError, local_path};

/// How long a message of success stays.
const SHORT: Duration = Duration::from_secs(5);
/// How long a message of failure stays: there is more to read.
const LONG: Duration = Duration::from_secs(12);

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// Tells messages apart.
    pub id: u32,
    /// The sentence.
    pub text: String,
    /// Whether something went wrong.
    pub is_error: bool,
}

/// The messages that are shown now.
#[derive(Clone, Copy)]
pub struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

/// Provides the list.
pub fn provide() {
    provide_context(Toasts { shown: RwSignal::new(Vec::new()), next: StoredValue::new(0) });
}

impl Toasts {
    /// The list of this page.
    pub fn of_page() -> Self {
        use_context().unwrap_or_else(|| Self { shown: RwSignal::new(Vec::new()), next: StoredValue::new(0) })
    }

    /// The messages that are shown now, oldest first.
    pub fn shown(self) -> ReadSignal<Vec<Toast>> {
        self.shown.read_only()
    }

    /// Says that something was done.
    pub fn done(self, text: impl Into<String>) {
        self.push(text.into(), false);
    }

    /// Says that something does not work here, though nothing went wrong on the server.
    pub fn refused(self, text: impl Into<String>) {
        self.push(text.into(), true);
    }

    /// Says that something failed. Whoever is no longer signed in is led to where they can.
    pub fn failed(self, error: &ApiError) {
        if error.code == ErrorCode::Unauthorized {
            sign_in_again();
        } else {
            self.push(error.message.clone(), true);
        }
    }

    /// Takes a message away.
    pub fn dismiss(self, id: u32) {
        self.shown.update(|shown| shown.retain(|toast| toast.id != id));
    }

    fn push(self, text: String, is_error: bool) {
        let id = self.next.get_value();
        self.next.set_value(id.wrapping_add(1));
        self.shown.update(|shown| shown.push(Toast { id, text, is_error }));
        set_timeout(move || self.dismiss(id), if is_error { LONG } else { SHORT });
    }
}

/// Leaves for the page to sign in on, which leads back here.
pub fn sign_in_again() {
    let location = window().location();
    let here = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
    // It fails for a malformed address only.
    let _ = location.assign(&local_path::login_page(&here));
}
