//! What the agent's side says, and what it is told.

use domain::{
    terminal::{Reset, ResetReason, ServerFrame, Status},
    ttyd,
};
use tokio::time::Instant;

use super::{Agent, Browser, Effect, Session};
use crate::terminal::{
    limits::{BURST, BURST_OVER, HISTORY_LINES, HISTORY_MAX, HISTORY_MIN, HISTORY_TIME, INPUT_LINGER, STABLE_AFTER},
    notes::{Leg, Note},
    outbox::Outbox,
    pace::Pace,
    prelude::{self, Piece, Prelude},
};

impl Session {
    /// ttyd answered the handshake and has begun to speak.
    pub fn on_attached(&mut self, now: Instant) {
        if self.is_over || !matches!(self.agent, Agent::Attaching) {
            return;
        }
        self.agent = Agent::Speaking(Prelude::default());
        self.agent_heard_at = now;
        self.spoke_at = now;
        self.live_since = now;
    }

    /// An attempt to attach failed, but may succeed later.
    /// `why` is a sentence for people, if there is one to tell.
    pub fn on_attach_failed(&mut self, why: Option<String>, now: Instant) {
        if matches!(self.agent, Agent::Attaching) && !self.is_over {
            self.why_missing = why;
            self.attach_again(now);
        }
    }

    /// A message came from ttyd.
    pub fn on_ttyd(&mut self, message: &[u8], now: Instant) {
        if now >= self.agent_heard_at + BURST_OVER && self.burst < BURST {
            self.burst = 0;
        }
        self.agent_heard_at = now;
        self.spoke_at = now;
        // ttyd's title holds the agent's command line and its preferences are for its own client: neither goes further.
        let ttyd::FromTtyd::Output(bytes) = ttyd::decode(message) else { return };
        if self.is_over {
            return;
        }
        match &mut self.agent {
            Agent::Live => {
                self.burst += bytes.len();
                self.on_drawn(bytes, now);
            }
            Agent::Speaking(prelude) => {
                for piece in prelude.read(bytes) {
                    self.on_piece(piece, now);
                }
            }
            Agent::Down | Agent::Attaching => {}
        }
        self.send_due(now);
    }

    /// ttyd showed that it is there.
    pub fn on_ttyd_sign(&mut self, now: Instant) {
        self.agent_heard_at = now;
    }

    /// ttyd answered a ping.
    pub fn on_ttyd_pong(&mut self, now: Instant) {
        self.agent_heard_at = now;
        if std::mem::take(&mut self.awaits_pong[1]) {
            self.agent_round_trip = now.saturating_duration_since(self.pinged_at);
            self.effects.push_back(Effect::Note(Note::RoundTrip(Leg::Agent, self.agent_round_trip)));
        }
    }

    /// ttyd closed its socket. Why is not asked: its close codes say nothing.
    pub fn on_ttyd_gone(&mut self, now: Instant) {
        if self.is_over || !matches!(self.agent, Agent::Speaking(_) | Agent::Live) {
            return;
        }
        self.effects.push_back(Effect::Note(Note::AgentHungUp));
        self.awaits_pong[1] = false;
        self.handover.broke();
        self.doubt_typed(now);
        if matches!(self.browser, Browser::Away { .. }) {
            // Nobody looks. Whoever comes back has it attached then.
            self.let_go();
        } else if now >= self.live_since + STABLE_AFTER {
            self.start_attaching(ResetReason::Reattached, now);
        } else {
            self.reason = ResetReason::Reattached;
            self.attach_again(now);
        }
    }

    /// The leg that drained is done with. `is_taken` says whether ttyd has taken what was typed into it.
    pub fn on_drained(&mut self, is_taken: bool, now: Instant) {
        let is_request_due = self.handover.drained();
        if !is_taken {
            self.effects.push_back(Effect::Note(Note::InputUnconfirmed));
            // An agent that knows no requests may have begun already: then there is no frame that could say so.
            if !self.is_begun {
                self.typed.doubt();
            }
        }
        if self.is_over {
            return;
        }
        if is_request_due && matches!(self.agent, Agent::Speaking(_)) {
            self.request_attach();
        }
        // One that knows no requests may be live already.
        self.hand_on_typed(now);
    }

    /// The leg to ttyd broke. What was typed into it may not have reached tmux, if nothing came from ttyd since, or if there was hardly
    /// time to read it: what is still in a pseudo-terminal goes with it.
    fn doubt_typed(&mut self, now: Instant) {
        let is_doubtful = |at: Instant| self.agent_heard_at <= at || now < at + INPUT_LINGER;
        if self.handed_on_at.take().is_some_and(is_doubtful) {
            self.effects.push_back(Effect::Note(Note::InputUnconfirmed));
            self.typed.doubt();
        }
    }

    /// Has the leg to ttyd drained before it is replaced or closed, if anything was typed into it.
    pub(super) fn drain(&mut self) {
        if self.handover.leave() {
            self.effects.push_back(Effect::Drain);
        }
    }

    pub(super) fn give_up_greeting(&mut self, now: Instant) {
        if let Agent::Speaking(prelude) = &mut self.agent {
            let rest = prelude.give_up();
            self.on_piece(Piece::Screen, now);
            self.on_drawn(&rest, now);
        }
    }

    fn on_piece(&mut self, piece: Piece, now: Instant) {
        match piece {
            Piece::Greeting if self.handover.holds() => self.handover.hold_request(),
            Piece::Greeting => self.request_attach(),
            Piece::Ready => self.effects.push_back(Effect::ToTtyd(ttyd::encode_input(prelude::RECEIPT))),
            Piece::Shell(shell) => {
                // It may not have waited for its request.
                self.handover.forget_request();
                if self.handover.answered() {
                    self.effects.push_back(Effect::Close);
                }
                if self.shell.as_ref().is_some_and(|before| *before != shell) {
                    self.typed.forget();
                }
                self.shell = Some(shell);
                self.begin_epoch();
            }
            Piece::Screen => {
                self.begin_epoch();
                let took = now.saturating_duration_since(self.live_since);
                self.effects.push_back(Effect::Note(Note::Shown(took)));
                self.agent = Agent::Live;
                self.live_since = now;
                self.anew_since = now;
                self.tell(Status { attached: true, ..self.status });
                self.hand_on_typed(now);
            }
            Piece::Output(bytes) if matches!(self.agent, Agent::Live) => self.on_drawn(&bytes, now),
            Piece::Output(bytes) if self.is_begun => self.on_output(&bytes, now),
            // Only an agent that is not as it was made prints before its history. It must not fill what waits for the browser.
            Piece::Output(_) | Piece::End => {}
        }
    }

    fn request_attach(&mut self) {
        let bytes = self.window.carries(HISTORY_TIME).unwrap_or(HISTORY_MAX).clamp(HISTORY_MIN, HISTORY_MAX);
        let Agent::Speaking(prelude) = &mut self.agent else { return };
        let receipt = prelude.promise_receipt();
        let request = prelude::request_attach(HISTORY_LINES, bytes, self.mode, receipt);
        self.effects.push_back(Effect::ToTtyd(ttyd::encode_input(&request)));
    }

    fn begin_epoch(&mut self) {
        if std::mem::replace(&mut self.is_begun, true) {
            return;
        }
        self.epoch = self.epoch.wrapping_add(1).max(1);
        self.outbox = Outbox::default();
        self.window.start_over();
        self.pace = Pace::default();
        self.is_skipping = false;
        match self.browser {
            Browser::Greeted => self.welcome(),
            Browser::Welcomed => {
                self.effects.push_back(Effect::Note(Note::Reset(self.reason)));
                self.send_reset();
            }
            Browser::Away { .. } => {}
        }
    }

    pub(super) fn send_reset(&mut self) {
        let input_lost = self.typed.tell_loss();
        self.send_frame(&ServerFrame::Reset(Reset { epoch: self.epoch, reason: self.reason, input_lost }));
    }

    /// What was typed goes to the shell, if one takes it.
    pub(super) fn hand_on_typed(&mut self, now: Instant) {
        if matches!(self.agent, Agent::Live)
            && !self.handover.holds()
            && let Some(typed) = self.typed.hand_on()
        {
            self.handover.typed();
            self.handed_on_at = Some(now);
            self.effects.push_back(Effect::ToTtyd(ttyd::encode_input(&typed)));
        }
    }
}
