//! The agent's output on its way to the browser: how much is sent at once, held, and left out.

use domain::{
    terminal::{ResetReason, encode_output},
    ttyd,
};
use tokio::time::Instant;

use super::{Agent, Browser, Effect, Session};
use crate::terminal::{
    limits::{ATTACHED_AFTER, FRAME_MAX, FRAME_MIN, HOLD_MAX, RELAYOUT_AFTER},
    notes::Note,
    outbox::Outbox,
};

impl Session {
    /// tmux prints.
    pub(super) fn on_drawn(&mut self, bytes: &[u8], now: Instant) {
        let (shown, answers) = self.questions.take_out(bytes);
        if !answers.is_empty() {
            // Nobody typed it: nothing is lost when this leg is closed before tmux has read it.
            self.effects.push_back(Effect::ToTtyd(ttyd::encode_input(&answers)));
            self.anew_since = now;
        }
        let has_reason = now < self.anew_since + ATTACHED_AFTER || self.relayout_at.is_some();
        self.missed.look(&shown, self.sizes.in_force().rows, has_reason);
        self.on_output(&shown, now);
    }

    /// Something is to be shown, history or screen.
    pub(super) fn on_output(&mut self, bytes: &[u8], now: Instant) {
        if self.is_skipping {
            self.effects.push_back(Effect::Note(Note::Skipped(bytes.len())));
        } else if matches!(self.agent, Agent::Live) && self.outbox.waiting() + bytes.len() > HOLD_MAX {
            self.effects.push_back(Effect::Note(Note::Skipped(bytes.len())));
            self.skip(now);
        } else {
            self.outbox.push(bytes);
        }
    }

    /// Leaves out what waits and what comes, until the browser has parsed what is under way.
    pub(super) fn skip(&mut self, now: Instant) {
        let bytes = self.outbox.skip();
        self.effects.extend([Effect::Note(Note::Overrun), Effect::Note(Note::Skipped(bytes))]);
        self.is_skipping = true;
        if matches!(self.browser, Browser::Away { .. }) {
            self.let_go();
        } else {
            self.after_skip(now);
        }
    }

    /// Paints the screen anew once the browser has parsed all it was sent.
    pub(super) fn after_skip(&mut self, now: Instant) {
        if self.is_skipping && self.outbox.in_flight() == 0 && matches!(self.agent, Agent::Live) {
            self.repaint(ResetReason::Skipped, now);
        }
    }

    /// Nobody looks, and there is nothing to go on from: lets go of the agent and of all memory.
    pub(super) fn let_go(&mut self) {
        self.agent = Agent::Down;
        self.is_begun = false;
        self.relayout_at = None;
        self.outbox = Outbox::default();
        self.drain();
        self.effects.push_back(Effect::Detach);
    }

    /// When output or a size is to be sent.
    pub(super) fn output_due(&self, now: Instant) -> Option<Instant> {
        self.may_send().then(|| self.pace.due(self.outbox.waiting(), now))
    }

    pub(super) fn send_due(&mut self, now: Instant) {
        if matches!(self.agent, Agent::Live)
            && let Some(size) = self.sizes.take_due(now)
        {
            self.effects.push_back(Effect::ToTtyd(ttyd::encode_resize(size.cols, size.rows)));
            self.relayout_at = Some(now + RELAYOUT_AFTER);
        }
        let was_listened_to = self.accepts_output();
        while self.may_send() && self.pace.due(self.outbox.waiting(), now) <= now {
            self.send_one(self.room(), now);
        }
        if !was_listened_to && self.accepts_output() {
            // Its silence begins now.
            (self.agent_heard_at, self.spoke_at) = (now, now);
        }
    }

    /// Sends everything that waits, at the end.
    pub(super) fn send_rest(&mut self, now: Instant) {
        while self.browser == Browser::Welcomed && self.outbox.waiting() > 0 {
            self.send_one(FRAME_MAX, now);
        }
    }

    fn may_send(&self) -> bool {
        let waiting = self.outbox.waiting();
        self.browser == Browser::Welcomed && waiting > 0 && self.room() >= waiting.min(FRAME_MIN)
    }

    fn room(&self) -> usize {
        self.window.limit().saturating_sub(self.outbox.in_flight())
    }

    fn send_one(&mut self, room: usize, now: Instant) {
        let (seq, bytes) = self.outbox.send(room.min(FRAME_MAX));
        self.effects.push_back(Effect::ToBrowser(encode_output(seq, &bytes)));
        self.ack_input();
        self.pace.sent(now);
        let is_full = self.outbox.waiting() > 0 && self.room() < FRAME_MIN;
        self.window.sent(self.outbox.in_flight(), is_full, now);
        if let Some(typed_at) = self.typed_at.take() {
            let took = now.saturating_duration_since(typed_at);
            self.effects.push_back(Effect::Note(Note::Echo(took)));
        }
    }
}
