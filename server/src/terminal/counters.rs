//! What is counted of terminals. Labels come from closed sets only.

use std::time::Duration;

use domain::terminal::ResetReason;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

use super::notes::{Leg, Note};

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct DirectionLabels {
    direction: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CodeLabels {
    code: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct PhaseLabels {
    phase: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct LegLabels {
    leg: &'static str,
}

/// How a viewer went on, and why.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RepaintLabels {
    path: &'static str,
    reason: &'static str,
}

/// What is counted of terminals. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Counters {
    bytes: Family<DirectionLabels, Counter>,
    attach: Family<PhaseLabels, Histogram>,
    attach_failures: Counter,
    overruns: Counter,
    skipped: Counter,
    resumed: Counter,
    repaints: Family<RepaintLabels, Counter>,
    away: Histogram,
    round_trips: Family<LegLabels, Histogram>,
    ack_lag: Histogram,
    unacked: Histogram,
    echo: Histogram,
    doubled_input: Counter,
    hang_ups: Counter,
    unconfirmed_input: Counter,
    ended: Family<CodeLabels, Counter>,
}

/// 1 ms to about 4 s.
fn short_times() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 13))
}

/// 0.1 ms to about 0.8 s.
fn shortest_times() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 2.0, 14))
}

impl Counters {
    /// Registers everything.
    pub fn register(registry: &mut Registry) -> Self {
        let counters = Self {
            bytes: Family::default(),
            attach: Family::new_with_constructor(short_times),
            attach_failures: Counter::default(),
            overruns: Counter::default(),
            skipped: Counter::default(),
            resumed: Counter::default(),
            repaints: Family::default(),
            // 0.1 s to about 100 s.
            away: Histogram::new(exponential_buckets(0.1, 2.0, 11)),
            round_trips: Family::new_with_constructor(shortest_times),
            ack_lag: shortest_times(),
            // 256 B to 256 KiB.
            unacked: Histogram::new(exponential_buckets(256.0, 4.0, 6)),
            echo: shortest_times(),
            doubled_input: Counter::default(),
            hang_ups: Counter::default(),
            unconfirmed_input: Counter::default(),
            ended: Family::default(),
        };
        counters.register_traffic(registry);
        counters.register_times(registry);
        counters
    }

    fn register_traffic(&self, registry: &mut Registry) {
        registry.register("terminal_bytes", "Bytes of terminal frames by direction", self.bytes.clone());
        registry.register(
            "terminal_attach_failures",
            "Attempts to reach an agent's terminal that failed",
            self.attach_failures.clone(),
        );
        registry.register(
            "terminal_overruns",
            "Times that output was left out and the screen repainted because a browser was behind",
            self.overruns.clone(),
        );
        registry.register("terminal_skipped_bytes", "Bytes of output that were left out", self.skipped.clone());
        registry.register(
            "terminal_resumed_bytes",
            "Bytes of output that viewers had missed and were sent when they came back",
            self.resumed.clone(),
        );
        registry.register(
            "terminal_reconnects",
            "Times that a viewer went on after an interruption, by path and reason",
            self.repaints.clone(),
        );
        registry.register(
            "terminal_input_doubled",
            "Frames of input that came a second time and were dropped",
            self.doubled_input.clone(),
        );
        registry.register(
            "terminal_agent_hang_ups",
            "Times that an agent's terminal closed the connection",
            self.hang_ups.clone(),
        );
        registry.register(
            "terminal_input_unconfirmed",
            "Times that an attachment was closed before the agent's terminal had shown that it took what was typed",
            self.unconfirmed_input.clone(),
        );
        registry.register("terminal_sessions_ended", "Ended terminal sessions by reason", self.ended.clone());
    }

    fn register_times(&self, registry: &mut Registry) {
        registry.register("terminal_attach_seconds", "Time to reach an agent's terminal by phase", self.attach.clone());
        registry.register("terminal_away_seconds", "Time until a lost viewer came back", self.away.clone());
        registry.register("terminal_round_trip_seconds", "Round trip of a ping by leg", self.round_trips.clone());
        registry.register("terminal_ack_seconds", "Time until a frame of output was parsed", self.ack_lag.clone());
        registry.register(
            "terminal_unacked_bytes",
            "Bytes under way to a browser, at each sample",
            self.unacked.clone(),
        );
        registry.register(
            "terminal_echo_seconds",
            "Time from what was typed to the next output in the server",
            self.echo.clone(),
        );
    }

    /// Counts what a session notes.
    pub fn note(&self, note: Note) {
        match note {
            Note::Shown(took) => self.attached("screen", took),
            Note::Overrun => drop(self.overruns.inc()),
            Note::Skipped(bytes) => drop(self.skipped.inc_by(bytes as u64)),
            Note::Resumed { away, bytes } => {
                self.away.observe(away.as_secs_f64());
                self.resumed.inc_by(bytes as u64);
                self.repaint("resume", "connection");
            }
            Note::Reset(reason) => self.repaint(
                "reset",
                match reason {
                    ResetReason::Skipped => "skipped",
                    ResetReason::Reattached => "reattached",
                    ResetReason::Resized => "resized",
                    ResetReason::History => "history",
                },
            ),
            Note::RoundTrip(leg, took) => {
                let leg = match leg {
                    Leg::Browser => "browser",
                    Leg::Agent => "agent",
                };
                self.round_trips.get_or_create(&LegLabels { leg }).observe(took.as_secs_f64());
            }
            #[expect(clippy::cast_precision_loss, reason = "at most 256 KiB")]
            Note::Acked { lag, unacked } => {
                self.ack_lag.observe(lag.as_secs_f64());
                self.unacked.observe(unacked as f64);
            }
            Note::Echo(took) => self.echo.observe(took.as_secs_f64()),
            Note::InputAgain => drop(self.doubled_input.inc()),
            Note::AgentHungUp => drop(self.hang_ups.inc()),
            Note::InputUnconfirmed => drop(self.unconfirmed_input.inc()),
        }
    }

    fn repaint(&self, path: &'static str, reason: &'static str) {
        self.repaints.get_or_create(&RepaintLabels { path, reason }).inc();
    }

    /// Bytes that go to a browser.
    pub fn output(&self, bytes: usize) {
        self.bytes.get_or_create(&DirectionLabels { direction: "output" }).inc_by(bytes as u64);
    }

    /// Bytes that go to an agent.
    pub fn input(&self, bytes: usize) {
        self.bytes.get_or_create(&DirectionLabels { direction: "input" }).inc_by(bytes as u64);
    }

    /// A phase of attaching took so long.
    pub fn attached(&self, phase: &'static str, took: Duration) {
        self.attach.get_or_create(&PhaseLabels { phase }).observe(took.as_secs_f64());
    }

    /// An attempt to attach failed.
    pub fn attach_failed(&self) {
        self.attach_failures.inc();
    }

    /// A session ended.
    pub fn ended(&self, code: &'static str) {
        self.ended.get_or_create(&CodeLabels { code }).inc();
    }
}
