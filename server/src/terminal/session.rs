//! What a terminal session does, as a state machine that knows no sockets: what happens goes in with the time, what is
//! to be done comes out as [`Effect`]s in order.

use std::{collections::VecDeque, time::Duration};

use domain::{
    terminal::{ClientFrame, DecodeError, End, ServerFrame, Size, Welcome, encode_output},
    ttyd,
};
use tokio::time::Instant;

use super::{
    coalesce::Coalescer,
    end::{self, Ending},
    limits::{
        ATTACH_PAUSE, ATTACH_PAUSE_MAX, ATTACH_WINDOW, DEAD_AFTER, HELLO_DEADLINE, HOLD_MAX, INPUT_HOLD_MAX,
        PING_EVERY, STABLE_AFTER,
    },
    resize::ResizeGate,
};

/// Something for the sockets to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Attach to the agent's ttyd.
    Attach {
        /// With this size.
        size: Size,
        /// After this pause.
        after: Duration,
    },
    /// Close the leg to ttyd, whatever it still has to say.
    Detach,
    /// Send a frame to the browser.
    ToBrowser(Vec<u8>),
    /// Forget the output frames that the browser has not taken yet.
    DropOutput,
    /// Send a frame to ttyd.
    ToTtyd(Vec<u8>),
    /// Ping both legs.
    Ping,
    /// Close everything.
    End(Ending),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The upgrade is done; hello must come.
    Greeting,
    /// ttyd is being dialled; what is typed meanwhile is kept.
    Attaching,
    /// Bytes flow.
    Live,
    /// The browser did not read, so output was dropped; it is attached anew once the browser took what is under way.
    CatchingUp,
    /// Nothing happens any more.
    Over,
}

/// One viewer's attachment to one agent's terminal.
#[derive(Debug)]
pub struct Session {
    state: State,
    started_at: Instant,
    browser_heard_at: Instant,
    ttyd_heard_at: Instant,
    pinged_at: Instant,
    /// When ttyd was first found missing, and how often it was dialled since.
    missing_since: Instant,
    attempts: u32,
    /// Why it could not be reached, as a sentence for people.
    why_missing: Option<String>,
    sizes: ResizeGate,
    output: Coalescer,
    /// Output bytes since the last welcome.
    seq: u64,
    /// What was typed while ttyd was not there.
    typed: Vec<u8>,
    effects: VecDeque<Effect>,
}

impl Session {
    /// A session whose client is expected to say hello.
    pub fn new(now: Instant) -> Self {
        Self {
            state: State::Greeting,
            started_at: now,
            browser_heard_at: now,
            ttyd_heard_at: now,
            pinged_at: now,
            missing_since: now,
            attempts: 0,
            why_missing: None,
            sizes: ResizeGate::new(Size::clamped(0, 0)),
            output: Coalescer::default(),
            seq: 0,
            typed: Vec::new(),
            effects: VecDeque::new(),
        }
    }

    /// The next thing to do.
    pub fn next_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Whether the browser may be read: not while too much of what it typed is still here.
    pub fn accepts_input(&self) -> bool {
        self.typed.len() < INPUT_HOLD_MAX
    }

    /// A frame came from the browser.
    pub fn on_frame(&mut self, frame: Result<ClientFrame, DecodeError>, now: Instant) {
        self.browser_heard_at = now;
        match (self.state, frame) {
            (State::Over, _) => {}
            (_, Err(error)) => self.end(end::not_a_frame(&error), now),
            (State::Greeting, Ok(ClientFrame::Hello(size))) => {
                self.sizes = ResizeGate::new(size);
                self.start_attaching(now);
            }
            (State::Greeting, Ok(_)) => self.end(end::protocol("its first frame was not hello"), now),
            (_, Ok(ClientFrame::Hello(_))) => self.end(end::protocol("it said hello twice"), now),
            (State::Live, Ok(ClientFrame::Input { bytes, .. })) => {
                self.effects.push_back(Effect::ToTtyd(ttyd::encode_input(&bytes)));
                self.output.expect_echo();
                self.send_due(now);
            }
            (_, Ok(ClientFrame::Input { bytes, .. })) => self.typed.extend_from_slice(&bytes),
            (_, Ok(ClientFrame::Resize(size))) => {
                self.sizes.want(size);
                self.send_due(now);
            }
            (_, Ok(ClientFrame::Ping(number))) => self.send_frame(&ServerFrame::Pong(number)),
        }
    }

    /// A text message came from the browser; every frame of the protocol is binary.
    pub fn on_text(&mut self, now: Instant) {
        self.end(end::protocol("it sent text instead of binary frames"), now);
    }

    /// The browser showed that it is there.
    pub fn on_browser_sign(&mut self, now: Instant) {
        self.browser_heard_at = now;
    }

    /// The browser closed its socket, or lost it.
    pub fn on_browser_gone(&mut self) {
        self.finish(Ending::Gone);
    }

    /// The browser took everything that was sent to it.
    pub fn on_browser_drained(&mut self, now: Instant) {
        if self.state == State::CatchingUp {
            self.start_attaching(now);
        }
    }

    /// ttyd answered the handshake and has begun to speak.
    pub fn on_attached(&mut self, now: Instant) {
        if self.state != State::Attaching {
            return;
        }
        self.state = State::Live;
        self.ttyd_heard_at = now;
        self.started_at = now;
        self.seq = 0;
        self.output = Coalescer::default();
        self.send_frame(&ServerFrame::Welcome(Welcome { size: self.sizes.wanted() }));
        if !self.typed.is_empty() {
            let typed = std::mem::take(&mut self.typed);
            self.effects.push_back(Effect::ToTtyd(ttyd::encode_input(&typed)));
        }
        self.send_due(now);
    }

    /// An attempt to attach failed, but may succeed later.
    /// `why` is a sentence for people, if there is one to tell.
    pub fn on_attach_failed(&mut self, why: Option<String>, now: Instant) {
        if self.state == State::Attaching {
            self.why_missing = why;
            self.attach_again(now);
        }
    }

    /// A message came from ttyd; `backlog` is how many bytes the browser has not taken yet.
    pub fn on_ttyd(&mut self, message: &[u8], backlog: usize, now: Instant) {
        self.ttyd_heard_at = now;
        // ttyd's title holds the agent's command line and its preferences are for its own client: neither goes further.
        let ttyd::FromTtyd::Output(bytes) = ttyd::decode(message) else { return };
        if self.state != State::Live {
            return;
        }
        // With nothing under way, the browser reads: however much comes at once, it is not behind.
        if backlog > 0 && backlog + bytes.len() > HOLD_MAX {
            self.output.clear();
            self.state = State::CatchingUp;
            self.effects.extend([Effect::Detach, Effect::DropOutput]);
        } else {
            self.output.push(bytes);
            self.send_due(now);
        }
    }

    /// ttyd showed that it is there.
    pub fn on_ttyd_sign(&mut self, now: Instant) {
        self.ttyd_heard_at = now;
    }

    /// ttyd closed its socket. Why is not asked: its close codes say nothing.
    pub fn on_ttyd_gone(&mut self, now: Instant) {
        if self.state != State::Live {
            return;
        }
        self.send_output(now);
        if now >= self.started_at + STABLE_AFTER {
            self.start_attaching(now);
        } else {
            self.attach_again(now);
        }
    }

    /// Time has passed: call it at [`Self::deadline`].
    pub fn on_time(&mut self, now: Instant) {
        if self.state == State::Over {
            return;
        }
        if now >= self.browser_heard_at + DEAD_AFTER {
            self.finish(Ending::Gone);
        } else if self.state == State::Greeting && now >= self.started_at + HELLO_DEADLINE {
            self.end(end::protocol("it did not say hello in time"), now);
        } else if self.state == State::Live && now >= self.ttyd_heard_at + DEAD_AFTER {
            self.effects.push_back(Effect::Detach);
            self.on_ttyd_gone(now);
        } else {
            if now >= self.pinged_at + PING_EVERY {
                self.pinged_at = now;
                self.effects.push_back(Effect::Ping);
            }
            self.send_due(now);
        }
    }

    /// When something is to be done even if nothing happens.
    pub fn deadline(&self, now: Instant) -> Instant {
        let common = (self.browser_heard_at + DEAD_AFTER).min(self.pinged_at + PING_EVERY);
        match self.state {
            State::Greeting => common.min(self.started_at + HELLO_DEADLINE),
            State::Live => {
                let held = [self.output.deadline(now), self.sizes.deadline(now)].into_iter().flatten().min();
                let common = common.min(self.ttyd_heard_at + DEAD_AFTER);
                held.map_or(common, |held| common.min(held))
            }
            State::Attaching | State::CatchingUp | State::Over => common,
        }
    }

    /// Ends the session with a last word. Output that waits is sent first.
    pub fn end(&mut self, end: End, now: Instant) {
        if self.state == State::Over {
            return;
        }
        self.send_output(now);
        self.send_frame(&ServerFrame::End(end.clone()));
        self.finish(Ending::Told(end));
    }

    fn finish(&mut self, ending: Ending) {
        if self.state != State::Over {
            self.state = State::Over;
            self.effects.push_back(Effect::End(ending));
        }
    }

    fn start_attaching(&mut self, now: Instant) {
        self.missing_since = now;
        self.attempts = 0;
        self.why_missing = None;
        self.attach_again(now);
    }

    fn attach_again(&mut self, now: Instant) {
        if now >= self.missing_since + ATTACH_WINDOW {
            let why = self.why_missing.take();
            self.end(end::unreachable(why), now);
            return;
        }
        let after = match self.attempts.checked_sub(1) {
            None => Duration::ZERO,
            Some(doublings) => ATTACH_PAUSE_MAX.min(ATTACH_PAUSE * 2_u32.saturating_pow(doublings)),
        };
        self.attempts += 1;
        self.state = State::Attaching;
        let size = self.sizes.wanted();
        self.sizes = ResizeGate::new(size);
        self.effects.push_back(Effect::Attach { size, after });
    }

    fn send_due(&mut self, now: Instant) {
        if self.state != State::Live {
            return;
        }
        if let Some(size) = self.sizes.take_due(now) {
            self.effects.push_back(Effect::ToTtyd(ttyd::encode_resize(size.cols, size.rows)));
        }
        if let Some(bytes) = self.output.take_due(now) {
            self.send_bytes(&bytes);
        }
    }

    fn send_output(&mut self, now: Instant) {
        let bytes = self.output.take(now);
        if !bytes.is_empty() {
            self.send_bytes(&bytes);
        }
    }

    fn send_bytes(&mut self, bytes: &[u8]) {
        self.effects.push_back(Effect::ToBrowser(encode_output(self.seq, bytes)));
        self.seq += bytes.len() as u64;
    }

    fn send_frame(&mut self, frame: &ServerFrame) {
        self.effects.push_back(Effect::ToBrowser(frame.encode()));
    }
}

#[cfg(test)]
mod tests;
