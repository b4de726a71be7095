//! What the viewer's side says, and what it is told.

use domain::terminal::{ClientFrame, DecodeError, Hello, ResetReason, ServerFrame, Status, Welcome};
use tokio::time::Instant;

use super::{Agent, Browser, Effect, Session};
use crate::terminal::{
    end::{self, Ending},
    limits::{INPUT_ACK_AFTER, INTERRUPT_BACKLOG, INTERRUPT_BACKLOG_MIN},
    notes::{Leg, Note},
    typed::Taken,
    window::Window,
};

/// Keys that stop a program: Ctrl+C, Ctrl+Z, Ctrl+\.
const INTERRUPTS: [u8; 3] = [0x03, 0x1a, 0x1c];

impl Session {
    /// The viewer came back on a new connection, or on one besides the old one.
    pub fn on_return(&mut self, hello: &Hello, now: Instant) {
        if self.is_over {
            return;
        }
        let away = match self.browser {
            Browser::Away { since } => now.saturating_duration_since(since),
            _ => std::time::Duration::ZERO,
        };
        self.browser = Browser::Greeted;
        self.input_ack_due = None;
        self.browser_heard_at = now;
        self.window = Window::new(now);
        self.told = None;
        self.sizes.want(hello.size);
        let theirs = hello.resume.as_ref().filter(|resume| resume.session == self.key);
        let at = theirs.filter(|resume| resume.epoch == self.epoch).map_or(0, |resume| resume.seq);
        let is_whole = self.epoch > 0 && !self.is_skipping;
        if is_whole && self.is_begun && self.outbox.resume(at) {
            let bytes = self.outbox.waiting();
            self.effects.push_back(Effect::Note(Note::Resumed { away, bytes }));
            self.welcome();
        } else if self.is_begun || matches!(self.agent, Agent::Down) {
            self.repaint(ResetReason::Skipped, now);
        }
        // Otherwise it is being attached, and is welcomed as soon as it is.
        self.send_due(now);
    }

    /// A frame came from the browser.
    pub fn on_frame(&mut self, frame: Result<ClientFrame, DecodeError>, now: Instant) {
        self.browser_heard_at = now;
        if self.is_over {
            return;
        }
        match frame {
            Err(error) => self.end(end::not_a_frame(&error), now),
            Ok(ClientFrame::Hello(_)) => self.end(end::protocol("it said hello twice"), now),
            Ok(ClientFrame::Input { seq, bytes }) => self.on_input(seq, &bytes, now),
            Ok(ClientFrame::Ack { epoch, seq }) => self.on_ack(epoch, seq, now),
            Ok(ClientFrame::Resize(size)) => {
                self.sizes.want(size);
                self.send_due(now);
            }
            Ok(ClientFrame::Ping(number)) => {
                let agent = u32::try_from(self.agent_round_trip.as_micros()).unwrap_or(u32::MAX);
                self.send_frame(&ServerFrame::Pong { number, agent });
            }
        }
    }

    /// A text message came, which no frame is.
    pub fn on_text(&mut self, now: Instant) {
        self.end(end::protocol("it sent text instead of binary frames"), now);
    }

    /// The browser showed that it is there.
    pub fn on_browser_sign(&mut self, now: Instant) {
        self.browser_heard_at = now;
    }

    /// The browser answered a ping.
    pub fn on_browser_pong(&mut self, now: Instant) {
        self.browser_heard_at = now;
        if std::mem::take(&mut self.awaits_pong[0]) {
            let took = now.saturating_duration_since(self.pinged_at);
            self.effects.push_back(Effect::Note(Note::RoundTrip(Leg::Browser, took)));
        }
    }

    /// The viewer left for good.
    pub fn on_browser_left(&mut self) {
        self.finish(Ending::Gone);
    }

    /// The viewer's connection was lost.
    pub fn on_browser_lost(&mut self, now: Instant) {
        if self.is_over {
            return;
        }
        if self.keep_for.is_zero() {
            return self.finish(Ending::Gone);
        }
        self.browser = Browser::Away { since: now };
        self.input_ack_due = None;
        self.awaits_pong[0] = false;
        if self.is_skipping {
            self.let_go();
        }
    }

    /// How many viewers the agent has now.
    pub fn on_viewers(&mut self, drivers: u32, watchers: u32) {
        self.tell(Status { drivers, watchers, ..self.status });
    }

    fn on_input(&mut self, seq: u32, bytes: &[u8], now: Instant) {
        if self.mode == domain::terminal::Mode::Watch {
            return self.end(end::protocol("it typed although it only watches"), now);
        }
        match self.typed.take(seq, bytes) {
            Taken::Gap => return self.end(end::protocol("an input frame before this one is missing"), now),
            Taken::Again => self.effects.push_back(Effect::Note(Note::InputAgain)),
            Taken::New => {
                self.pace.expect_echo();
                self.typed_at = Some(now);
                if bytes.iter().any(|byte| INTERRUPTS.contains(byte)) {
                    self.on_interrupt(now);
                }
                self.hand_on_typed(now);
            }
        }
        // WELCOME says it, too.
        if self.browser == Browser::Welcomed {
            self.input_ack_due.get_or_insert(now + INPUT_ACK_AFTER);
        }
        self.send_due(now);
    }

    /// Says which input was taken over, if that was not said yet.
    pub(super) fn ack_input(&mut self) {
        if self.input_ack_due.take().is_some() {
            let next = self.typed.next();
            self.send_frame(&ServerFrame::InputAck(next));
        }
    }

    /// Somebody stops a program and wants to see that: what waits is of no interest any more.
    fn on_interrupt(&mut self, now: Instant) {
        self.interrupted_at = Some(now);
        let most = self.window.carries(INTERRUPT_BACKLOG).unwrap_or_default().max(INTERRUPT_BACKLOG_MIN);
        if matches!(self.agent, Agent::Live) && !self.is_skipping && self.outbox.waiting() > most {
            self.skip(now);
        }
    }

    fn on_ack(&mut self, epoch: u32, seq: u64, now: Instant) {
        if epoch != self.epoch || self.browser != Browser::Welcomed {
            return;
        }
        let Ok(bytes) = self.outbox.ack(seq) else {
            return self.end(end::protocol("it acknowledged output that was never sent"), now);
        };
        if let Some(lag) = self.window.acked(bytes, now) {
            let unacked = self.outbox.in_flight();
            self.effects.push_back(Effect::Note(Note::Acked { lag, unacked }));
        }
        self.after_skip(now);
        self.send_due(now);
    }

    /// Answers hello. Output goes on where the outbox stands.
    pub(super) fn welcome(&mut self) {
        self.browser = Browser::Welcomed;
        self.input_ack_due = None;
        let welcome = Welcome {
            session: self.key.clone(),
            epoch: self.epoch,
            seq: self.outbox.sent(),
            input: self.typed.next(),
            size: self.sizes.wanted(),
            mode: self.mode,
        };
        self.send_frame(&ServerFrame::Welcome(welcome));
        if self.typed.is_lost() {
            // A welcome does not say so. Nothing of this epoch was sent yet: another begins at once.
            self.epoch = self.epoch.wrapping_add(1).max(1);
            self.send_reset();
        }
        self.tell(self.status);
    }

    /// Says how things stand, unless that was said already.
    pub(super) fn tell(&mut self, status: Status) {
        self.status = status;
        if self.browser == Browser::Welcomed && self.told != Some(status) && status.drivers + status.watchers > 0 {
            self.told = Some(status);
            self.send_frame(&ServerFrame::Status(status));
        }
    }

    pub(super) fn send_frame(&mut self, frame: &ServerFrame) {
        if !matches!(self.browser, Browser::Away { .. }) {
            self.effects.push_back(Effect::ToBrowser(frame.encode()));
        }
    }
}
