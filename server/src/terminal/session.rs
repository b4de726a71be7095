//! What a terminal session does, as a state machine that knows no sockets: what happens goes in with the time, what is
//! to be done comes out as [`Effect`]s in order.
//!
//! A session outlives its viewer's connection for a while. `browser` holds what the viewer's side says, `agent` the
//! other side, `output` the way between them.

use std::{collections::VecDeque, time::Duration};

use domain::terminal::{End, Hello, Mode, ResetReason, ServerFrame, Size, Status};
use tokio::time::Instant;

use super::{
    end::{self, Ending},
    handover::Handover,
    limits::{
        ATTACH_PAUSE, ATTACH_PAUSE_MAX, ATTACH_WINDOW, BURST, BURST_OVER, DEAD_AFTER, GREETED_DEADLINE, GREETING_WAIT,
        HISTORY_EVERY, INPUT_HOLD_MAX, INTERRUPTED_BURST_OVER, INTERRUPTED_FOR, PING_EVERY, PRELUDE_HOLD,
    },
    missed::Missed,
    notes::Note,
    outbox::Outbox,
    pace::Pace,
    prelude::Prelude,
    questions::Questions,
    resize::ResizeGate,
    typed::Typed,
    window::Window,
};

mod agent;
mod browser;
mod output;

/// Something for the sockets to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Attach to the agent's ttyd. An attachment of before is dropped, unless it drains.
    Attach {
        /// With this size.
        size: Size,
        /// After this pause.
        after: Duration,
    },
    /// Close the leg to ttyd, whatever it still has to say.
    Detach,
    /// Close the leg to ttyd once what was typed into it is with the agent. When ttyd has taken it, [`Session::on_drained`] is told.
    /// There is only one leg at a time of which it has not.
    Drain,
    /// Close the leg that drained at once: tmux has read it.
    Close,
    /// Send a frame to the browser.
    ToBrowser(Vec<u8>),
    /// The browser is dead: drop its socket.
    DropBrowser,
    /// Send a frame to ttyd.
    ToTtyd(Vec<u8>),
    /// Ping both legs.
    Ping,
    /// Count this.
    Note(Note),
    /// Close everything.
    End(Ending),
}

/// The leg to ttyd.
#[derive(Debug)]
enum Agent {
    /// Not there, and not looked for: nobody waits for it.
    Down,
    /// It is being dialled.
    Attaching,
    /// The history comes.
    Speaking(Prelude),
    /// Bytes flow.
    Live,
}

/// The leg to the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Browser {
    /// It is connected and was not answered yet.
    Greeted,
    /// Bytes flow.
    Welcomed,
    /// The connection was lost; the viewer may come back.
    Away { since: Instant },
}

/// One viewer's attachment to one agent's terminal.
#[derive(Debug)]
pub struct Session {
    key: String,
    mode: Mode,
    keep_for: Duration,
    is_over: bool,
    browser: Browser,
    browser_heard_at: Instant,
    agent: Agent,
    handover: Handover,
    agent_heard_at: Instant,
    /// When it last printed, or was listened to again.
    spoke_at: Instant,
    /// When bytes began to flow from the agent.
    live_since: Instant,
    pinged_at: Instant,
    awaits_pong: [bool; 2],
    agent_round_trip: Duration,
    /// When ttyd was first found missing, and how often it was dialled since.
    missing_since: Instant,
    attempts: u32,
    /// Why it could not be reached, as a sentence for people.
    why_missing: Option<String>,
    sizes: ResizeGate,
    /// When history and screen are to be laid out anew.
    relayout_at: Option<Instant>,
    /// Bytes that were printed without a pause.
    burst: usize,
    /// Whether lines were left out of what was printed.
    missed: Missed,
    /// What tmux asks of the terminal.
    questions: Questions,
    /// When tmux last had a reason to begin the terminal anew: it attached, or got an answer.
    anew_since: Instant,
    /// When somebody last stopped a program.
    interrupted_at: Option<Instant>,
    /// 0 before the first attachment.
    epoch: u32,
    /// Why the next epoch begins, if the browser is told.
    reason: ResetReason,
    /// Whether the current attachment has begun its epoch.
    is_begun: bool,
    outbox: Outbox,
    window: Window,
    pace: Pace,
    /// Output is left out until the browser has parsed what is under way; then the screen is painted anew.
    is_skipping: bool,
    typed: Typed,
    typed_at: Option<Instant>,
    /// When something was last typed into the current leg to ttyd.
    handed_on_at: Option<Instant>,
    /// When the browser is told what was typed, unless output goes there before.
    input_ack_due: Option<Instant>,
    /// The shell that was shown last.
    shell: Option<String>,
    /// What was last said, or is to be said once the browser is welcomed.
    status: Status,
    told: Option<Status>,
    effects: VecDeque<Effect>,
}

impl Session {
    /// A session whose client has just said hello; it attaches at once. A viewer whose connection is lost may come back
    /// for `keep_for`.
    pub fn new(key: String, hello: &Hello, keep_for: Duration, now: Instant) -> Self {
        let mut session = Self {
            key,
            mode: hello.mode,
            keep_for,
            is_over: false,
            browser: Browser::Greeted,
            browser_heard_at: now,
            agent: Agent::Down,
            handover: Handover::default(),
            agent_heard_at: now,
            spoke_at: now,
            live_since: now,
            pinged_at: now,
            awaits_pong: [false; 2],
            agent_round_trip: Duration::ZERO,
            missing_since: now,
            attempts: 0,
            why_missing: None,
            sizes: ResizeGate::new(hello.size),
            relayout_at: None,
            burst: 0,
            missed: Missed::default(),
            questions: Questions::default(),
            anew_since: now,
            interrupted_at: None,
            epoch: 0,
            reason: ResetReason::Reattached,
            is_begun: false,
            outbox: Outbox::default(),
            window: Window::new(now),
            pace: Pace::default(),
            is_skipping: false,
            typed: Typed::default(),
            typed_at: None,
            handed_on_at: None,
            input_ack_due: None,
            shell: None,
            status: Status { attached: false, drivers: 0, watchers: 0 },
            told: None,
            effects: VecDeque::new(),
        };
        session.start_attaching(ResetReason::Reattached, now);
        session
    }

    /// The next thing to do.
    pub fn next_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Whether the browser may be read: not while too much of what it typed is still here.
    pub fn accepts_input(&self) -> bool {
        self.typed.waiting() < INPUT_HOLD_MAX
    }

    /// Whether ttyd may be read: always, but for a history that the browser takes slowly. It hurts nobody to let that
    /// wait, for tmux is not attached yet. What waits before the history begins is of an earlier leg, and this one must be answered.
    pub fn accepts_output(&self) -> bool {
        let is_history = matches!(self.agent, Agent::Speaking(_)) && self.is_begun;
        !is_history || self.outbox.waiting() < PRELUDE_HOLD
    }

    /// Time has passed: call it at [`Self::deadline`].
    pub fn on_time(&mut self, now: Instant) {
        if self.is_over {
            return;
        }
        match self.browser {
            Browser::Away { since } if now >= since + self.keep_for => return self.finish(Ending::Gone),
            Browser::Greeted | Browser::Welcomed if now >= self.browser_heard_at + DEAD_AFTER => {
                self.effects.push_back(Effect::DropBrowser);
                self.on_browser_lost(now);
            }
            _ => {}
        }
        if self.greeting_due().is_some_and(|due| now >= due) {
            self.give_up_greeting(now);
        }
        if self.greeting_over().is_some_and(|at| now >= at) {
            return self.end(end::unreachable(None), now);
        }
        if self.agent_dead_at().is_some_and(|at| now >= at) {
            self.effects.push_back(Effect::Detach);
            self.on_ttyd_gone(now);
        }
        if self.relayout_at.is_some_and(|at| now >= at) {
            self.relayout_at = None;
            if matches!(self.agent, Agent::Live) {
                self.repaint(ResetReason::Resized, now);
            }
        }
        if self.burst_over().is_some_and(|at| now >= at) {
            self.repaint(ResetReason::History, now);
        }
        if self.input_ack_due.is_some_and(|due| now >= due) {
            self.ack_input();
        }
        if now >= self.pinged_at + PING_EVERY {
            self.pinged_at = now;
            self.awaits_pong = [true; 2];
            self.effects.push_back(Effect::Ping);
        }
        self.send_due(now);
    }

    /// When something is to be done even if nothing happens.
    pub fn deadline(&self, now: Instant) -> Instant {
        let is_here = matches!(self.browser, Browser::Greeted | Browser::Welcomed);
        let live = matches!(self.agent, Agent::Live);
        [
            is_here.then(|| self.browser_heard_at + DEAD_AFTER),
            match self.browser {
                Browser::Away { since } => Some(since + self.keep_for),
                _ => None,
            },
            self.greeting_due(),
            self.greeting_over(),
            self.agent_dead_at(),
            self.relayout_at.filter(|_| live),
            self.burst_over(),
            self.sizes.deadline(now).filter(|_| live),
            self.output_due(now),
            self.input_ack_due,
        ]
        .into_iter()
        .flatten()
        .fold(self.pinged_at + PING_EVERY, Instant::min)
    }

    /// Ends the session with a last word. Output that waits is sent first.
    pub fn end(&mut self, end: End, now: Instant) {
        if self.is_over {
            return;
        }
        self.send_rest(now);
        self.ack_input();
        self.send_frame(&ServerFrame::End(end.clone()));
        self.finish(Ending::Told(end));
    }

    fn finish(&mut self, ending: Ending) {
        if !self.is_over {
            self.is_over = true;
            self.drain();
            self.effects.push_back(Effect::End(ending));
        }
    }

    /// When an agent of which nothing was heard yet is taken for one that knows no requests. One that has greeted says itself where
    /// its history ends, however long that takes.
    fn greeting_due(&self) -> Option<Instant> {
        let is_silent = matches!(&self.agent, Agent::Speaking(prelude) if prelude.is_silent());
        is_silent.then(|| self.agent_heard_at + GREETING_WAIT)
    }

    /// When an agent is given up that has greeted and then neither told its history nor shown its screen, though ttyd is there: its tmux
    /// does not answer.
    fn greeting_over(&self) -> Option<Instant> {
        let is_stuck = matches!(self.agent, Agent::Speaking(_)) && self.accepts_output();
        is_stuck.then(|| self.spoke_at + GREETED_DEADLINE)
    }

    /// When the agent's side is taken for dead. One that is not listened to cannot be heard.
    fn agent_dead_at(&self) -> Option<Instant> {
        let is_listened_to = matches!(self.agent, Agent::Speaking(_) | Agent::Live) && self.accepts_output();
        is_listened_to.then(|| self.agent_heard_at + DEAD_AFTER)
    }

    /// When the history is fetched anew because tmux left lines out, or may have: once it prints nothing for a while. An agent that
    /// knows no requests is left alone.
    fn burst_over(&self) -> Option<Instant> {
        let is_missed = self.burst >= BURST || self.missed.is_so();
        let is_burst = is_missed && !self.is_skipping && self.shell.is_some();
        let is_shown = matches!(self.agent, Agent::Live) && self.browser == Browser::Welcomed;
        let is_through = self.outbox.waiting() == 0 && self.outbox.in_flight() == 0;
        let is_interrupted = self.interrupted_at.is_some_and(|at| self.agent_heard_at < at + INTERRUPTED_FOR);
        let over = if is_interrupted {
            self.agent_heard_at + INTERRUPTED_BURST_OVER
        } else {
            (self.agent_heard_at + BURST_OVER).max(self.live_since + HISTORY_EVERY)
        };
        (is_burst && is_shown && is_through).then_some(over)
    }

    fn start_attaching(&mut self, reason: ResetReason, now: Instant) {
        self.reason = reason;
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
        self.drain();
        self.agent = Agent::Attaching;
        self.is_begun = false;
        self.relayout_at = None;
        self.burst = 0;
        self.missed = Missed::default();
        self.questions = Questions::default();
        self.handed_on_at = None;
        let size = self.sizes.wanted();
        self.sizes = ResizeGate::new(size);
        self.effects.push_back(Effect::Attach { size, after });
        if self.attempts > 1 {
            self.tell(Status { attached: false, ..self.status });
        }
    }

    /// Attaches anew, though the old attachment still stands.
    fn repaint(&mut self, reason: ResetReason, now: Instant) {
        self.start_attaching(reason, now);
    }
}

#[cfg(test)]
mod tests;
