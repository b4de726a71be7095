//! From one leg to ttyd to the next: what of the old one must be over before the new one does something. Pure.
//!
//! When ttyd ends a leg, the kernel throws away the keys that tmux has not read from its pseudo-terminal. And tmux gives the window
//! the size of the viewer whose key it read last, so a key that comes late moves lines between history and screen.

/// Where the old leg stands, and what waits for it.
#[derive(Debug, Default)]
pub struct Handover {
    /// Something was typed into the current leg.
    is_typed_into: bool,
    before: Before,
    /// The new leg waits for its request.
    is_request_due: bool,
}

/// The leg before this one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Before {
    /// It is closed.
    #[default]
    Closed,
    /// ttyd may not have taken everything.
    Draining,
    /// ttyd has handed on everything, tmux may not have read it.
    Lingering,
}

impl Handover {
    /// Something was typed into the current leg.
    pub fn typed(&mut self) {
        self.is_typed_into = true;
    }

    /// The current leg is left. Says whether it must drain first.
    pub fn leave(&mut self) -> bool {
        self.is_request_due = false;
        let must_drain = std::mem::take(&mut self.is_typed_into);
        if must_drain {
            self.before = Before::Draining;
        }
        must_drain
    }

    /// The current leg broke. Nothing can be done about what was typed into it.
    pub fn broke(&mut self) {
        self.is_typed_into = false;
        self.is_request_due = false;
    }

    /// Whether nothing may be typed or asked for yet.
    pub fn holds(&self) -> bool {
        self.before == Before::Draining
    }

    /// The new leg's request is due as soon as that is over.
    pub fn hold_request(&mut self) {
        self.is_request_due = true;
    }

    /// The new leg has begun without its request: it takes none any more.
    pub fn forget_request(&mut self) {
        self.is_request_due = false;
    }

    /// ttyd has taken what was typed into the old leg, or had its time. Says whether a request waits.
    pub fn drained(&mut self) -> bool {
        self.before = Before::Lingering;
        std::mem::take(&mut self.is_request_due)
    }

    /// tmux has answered the new leg's request, which it was asked after it was given those keys. Says whether the old leg still
    /// stands, to be closed now.
    pub fn answered(&mut self) -> bool {
        let is_over = self.before == Before::Lingering;
        if is_over {
            self.before = Before::Closed;
        }
        is_over
    }
}
