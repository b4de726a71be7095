//! When a terminal connects, waits and gives up, as a state machine that knows no sockets: what happens goes in with the
//! time in milliseconds, what is to be done comes out.

use domain::terminal::End;

use super::status::Standing;

/// Longest pauses before the first, second, … attempt after a loss, in milliseconds. The real pause is a random part of it
/// (full jitter), so that a restarted server does not meet everybody at once.
const PAUSES: [f64; 8] = [0.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0, 15_000.0];
/// A connection that was live for so long has proved itself: the next loss counts as the first.
const STABLE_AFTER: f64 = 10_000.0;
/// How long a connection may take from its first byte to the welcome. The server gives up earlier and says why.
const WELCOME_DEADLINE: f64 = 20_000.0;
/// How often a visible page asks whether the other side is still there.
const PING_EVERY: f64 = 5_000.0;
/// How soon something must come after a ping. Together with [`PING_EVERY`], and a tick's second, a dead connection is noticed within 12 s.
const ANSWER_DEADLINE: f64 = 5_000.0;
/// The same after the page was asleep or the network came back, when somebody is waiting: 2 s, with time to say so.
const WAKE_DEADLINE: f64 = 1_500.0;

/// Where the connection stands.
#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    /// A socket is being opened, or has not been welcomed yet.
    Connecting { since: f64 },
    /// Bytes flow.
    Live { since: f64, pinged: f64, answer_by: Option<f64> },
    /// The next attempt comes at this time.
    Waiting { until: f64 },
    /// There will be no further attempt unless a person asks.
    Ended,
}

/// What is to be done with the socket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Command {
    /// Open a new one; an old one, if any, is dropped.
    Connect,
    /// Drop it, and call [`Reconnect::tick`] at this time.
    WaitUntil(f64),
    /// Drop it for good.
    Stop,
    /// Send a ping, and call [`Reconnect::tick`] at this time.
    Ping { answer_by: f64 },
}

/// The life of one terminal's connection.
#[derive(Debug)]
pub struct Reconnect {
    state: State,
    failures: usize,
    was_live: bool,
    /// The server asked not to come back before this time.
    not_before: f64,
}

impl Reconnect {
    /// A terminal that connects now.
    pub fn new(now: f64) -> Self {
        Self { state: State::Connecting { since: now }, failures: 0, was_live: false, not_before: 0.0 }
    }

    /// The welcome came. The first ping tells how long the way is.
    pub fn welcomed(&mut self, now: f64) -> Command {
        let answer_by = now + ANSWER_DEADLINE;
        self.state = State::Live { since: now, pinged: now, answer_by: Some(answer_by) };
        self.was_live = true;
        Command::Ping { answer_by }
    }

    /// Any frame came.
    pub fn heard(&mut self) {
        if let State::Live { answer_by, .. } = &mut self.state {
            *answer_by = None;
        }
    }

    /// The server said its last word.
    pub fn ended(&mut self, end: &End, now: f64) -> Option<Command> {
        if end.retry {
            self.not_before = now + f64::from(end.retry_after_ms);
            return None;
        }
        self.state = State::Ended;
        Some(Command::Stop)
    }

    /// The socket is closed or dead. `random` is from 0 to 1.
    pub fn lost(&mut self, now: f64, random: f64) -> Option<Command> {
        match self.state {
            State::Ended | State::Waiting { .. } => return None,
            State::Live { since, .. } if now >= since + STABLE_AFTER => self.failures = 0,
            State::Live { .. } | State::Connecting { .. } => {}
        }
        let longest = PAUSES.get(self.failures).or(PAUSES.last()).copied().unwrap_or_default();
        self.failures += 1;
        let until = (now + longest * random).max(self.not_before);
        self.state = State::Waiting { until };
        Some(Command::WaitUntil(until))
    }

    /// The network is back, the page is seen again.
    pub fn woken(&mut self, now: f64) -> Option<Command> {
        match &mut self.state {
            State::Waiting { .. } => Some(self.connect(now)),
            State::Live { pinged, answer_by, .. } => {
                *pinged = now;
                let deadline = now + WAKE_DEADLINE;
                *answer_by = Some(deadline);
                Some(Command::Ping { answer_by: deadline })
            }
            State::Connecting { .. } | State::Ended => None,
        }
    }

    /// The person asked for it.
    pub fn asked(&mut self, now: f64) -> Command {
        self.failures = 0;
        self.connect(now)
    }

    /// The agent has come up: connect unless that is done already.
    pub fn revived(&mut self, now: f64) -> Option<Command> {
        matches!(self.state, State::Ended | State::Waiting { .. }).then(|| self.asked(now))
    }

    /// Time has passed. A page that nobody sees is not pinged: its timers are throttled and would tell lies.
    pub fn tick(&mut self, now: f64, random: f64, visible: bool) -> Option<Command> {
        match &mut self.state {
            State::Connecting { since } if now >= *since + WELCOME_DEADLINE => self.lost(now, random),
            State::Waiting { until } if now >= *until => Some(self.connect(now)),
            State::Live { answer_by: Some(deadline), .. } if visible && now >= *deadline => self.lost(now, random),
            State::Live { pinged, answer_by, .. } if visible && now >= *pinged + PING_EVERY => {
                *pinged = now;
                let deadline = *answer_by.get_or_insert(now + ANSWER_DEADLINE);
                Some(Command::Ping { answer_by: deadline })
            }
            _ => None,
        }
    }

    /// Whether what is typed reaches the agent.
    pub fn is_live(&self) -> bool {
        matches!(self.state, State::Live { .. })
    }

    /// What a person is shown.
    pub fn standing(&self, now: f64) -> Standing {
        match self.state {
            State::Connecting { .. } if !self.was_live && self.failures == 0 => Standing::Connecting,
            State::Connecting { .. } => Standing::Reconnecting { seconds: 0 },
            State::Live { .. } => Standing::Live,
            State::Waiting { until } => {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 15")]
                let seconds = ((until - now) / 1_000.0).ceil().clamp(0.0, 60.0) as u32;
                Standing::Reconnecting { seconds }
            }
            State::Ended => Standing::Ended,
        }
    }

    fn connect(&mut self, now: f64) -> Command {
        self.state = State::Connecting { since: now };
        Command::Connect
    }
}

#[cfg(test)]
mod tests {
    use domain::terminal::EndCode;
    use proptest::prelude::*;

    use super::*;

    fn end(retry: bool) -> End {
        End { code: EndCode::NotRunning, message: String::new(), retry, retry_after_ms: 700 }
    }

    fn live(now: f64) -> Reconnect {
        let mut machine = Reconnect::new(now);
        machine.welcomed(now);
        machine.heard();
        machine
    }

    #[test]
    fn the_first_attempt_after_a_loss_comes_at_once_and_the_others_back_off() {
        let mut machine = live(0.0);
        let mut now = 0.0;
        for longest in [0.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0, 15_000.0, 15_000.0] {
            assert_eq!(machine.lost(now, 1.0), Some(Command::WaitUntil(now + longest)));
            now += longest;
            assert_eq!(machine.tick(now, 1.0, true), Some(Command::Connect));
        }
    }

    #[test]
    fn a_connection_that_lasted_starts_the_back_off_anew() {
        let mut machine = live(0.0);
        machine.lost(0.0, 1.0);
        machine.tick(0.0, 1.0, true);
        machine.welcomed(0.0);
        assert_eq!(machine.lost(STABLE_AFTER - 1.0, 1.0), Some(Command::WaitUntil(STABLE_AFTER - 1.0 + 250.0)));
        machine.tick(STABLE_AFTER + 500.0, 1.0, true);
        machine.welcomed(STABLE_AFTER + 500.0);
        let later = STABLE_AFTER * 3.0;
        assert_eq!(machine.lost(later, 1.0), Some(Command::WaitUntil(later)));
    }

    #[test]
    fn waking_up_connects_at_once() {
        let mut machine = live(0.0);
        machine.lost(0.0, 1.0);
        machine.tick(0.0, 1.0, true);
        machine.lost(0.0, 1.0);
        assert_eq!(machine.standing(0.0), Standing::Reconnecting { seconds: 1 });
        assert_eq!(machine.woken(10.0), Some(Command::Connect));
        assert_eq!(machine.woken(11.0), None, "an attempt is under way");
    }

    #[test]
    fn waking_up_probes_a_connection_that_may_be_dead() {
        let mut machine = live(0.0);
        assert_eq!(machine.woken(1_000_000.0), Some(Command::Ping { answer_by: 1_001_500.0 }));
        assert_eq!(machine.tick(1_001_000.0, 0.0, true), None);
        machine.heard();
        assert_eq!(machine.tick(1_001_500.0, 0.0, true), None);
        machine.woken(1_003_000.0);
        assert_eq!(machine.tick(1_004_500.0, 0.0, true), Some(Command::WaitUntil(1_004_500.0)));
    }

    #[test]
    fn a_visible_page_pings_and_gives_up_on_silence_and_a_hidden_one_does_neither() {
        let mut machine = live(0.0);
        assert_eq!(machine.tick(60_000.0, 0.0, false), None);
        assert_eq!(machine.tick(60_000.0, 0.0, true), Some(Command::Ping { answer_by: 65_000.0 }));
        machine.heard();
        assert_eq!(machine.tick(65_000.0, 0.0, true), Some(Command::Ping { answer_by: 70_000.0 }));
        assert_eq!(machine.tick(69_900.0, 0.0, true), None);
        assert_eq!(machine.tick(70_000.0, 0.0, true), Some(Command::WaitUntil(70_000.0)));
    }

    #[test]
    fn the_last_word_is_final_unless_it_says_otherwise_or_a_person_asks() {
        let mut machine = live(0.0);
        assert_eq!(machine.ended(&end(true), 0.0), None);
        assert_eq!(machine.lost(0.0, 0.0), Some(Command::WaitUntil(700.0)), "the server spreads its clients");
        let mut machine = live(0.0);
        assert_eq!(machine.ended(&end(false), 0.0), Some(Command::Stop));
        assert_eq!(machine.lost(1.0, 0.0), None);
        assert_eq!(machine.woken(2.0), None);
        assert_eq!(machine.tick(1e9, 0.0, true), None);
        assert_eq!(machine.standing(1e9), Standing::Ended);
        assert_eq!(machine.revived(1e9), Some(Command::Connect));
        assert_eq!(machine.revived(1e9), None, "an attempt is under way");
        assert_eq!(machine.asked(1e9), Command::Connect);
    }

    #[test]
    fn a_socket_that_is_never_welcomed_is_given_up() {
        let mut machine = Reconnect::new(0.0);
        assert_eq!(machine.standing(0.0), Standing::Connecting);
        assert_eq!(machine.tick(WELCOME_DEADLINE, 0.5, true), Some(Command::WaitUntil(WELCOME_DEADLINE)));
    }

    proptest! {
        /// Whatever happens, a terminal that was not ended comes back to connecting within the longest pause.
        #[test]
        fn it_never_gets_stuck(steps in prop::collection::vec((0_u8..6, 0.0_f64..30_000.0), 0..50), random in 0.0_f64..1.0) {
            let mut machine = Reconnect::new(0.0);
            let mut now = 0.0;
            for (step, pause) in steps {
                now += pause;
                match step {
                    0 => { machine.welcomed(now); }
                    1 => { machine.lost(now, random); }
                    2 => { machine.woken(now); }
                    3 => { machine.tick(now, random, true); }
                    4 => { machine.asked(now); }
                    _ => machine.heard(),
                }
            }
            machine.lost(now, random);
            prop_assert_eq!(machine.tick(now + 15_000.0, random, true), Some(Command::Connect));
        }
    }
}
