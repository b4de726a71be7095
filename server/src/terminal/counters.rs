//! What is counted of terminals. Labels come from closed sets only.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct DirectionLabels {
    direction: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CodeLabels {
    code: &'static str,
}

/// What is counted of terminals. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Counters {
    bytes: Family<DirectionLabels, Counter>,
    attach: Histogram,
    attach_failures: Counter,
    overruns: Counter,
    ended: Family<CodeLabels, Counter>,
}

impl Counters {
    /// Registers everything.
    pub fn register(registry: &mut Registry) -> Self {
        let counters = Self {
            bytes: Family::default(),
            // 1 ms to about 4 s.
            attach: Histogram::new(exponential_buckets(0.001, 2.0, 13)),
            attach_failures: Counter::default(),
            overruns: Counter::default(),
            ended: Family::default(),
        };
        registry.register("terminal_bytes", "Bytes of terminal frames by direction", counters.bytes.clone());
        registry.register(
            "terminal_attach_seconds",
            "Time from the dial to the first word of an agent's terminal",
            counters.attach.clone(),
        );
        registry.register(
            "terminal_attach_failures",
            "Attempts to reach an agent's terminal that failed",
            counters.attach_failures.clone(),
        );
        registry.register(
            "terminal_overruns",
            "Times that output was dropped and the screen repainted because a browser did not read",
            counters.overruns.clone(),
        );
        registry.register("terminal_sessions_ended", "Ended terminal sessions by reason", counters.ended.clone());
        counters
    }

    /// Bytes that go to a browser.
    pub fn output(&self, bytes: usize) {
        self.bytes.get_or_create(&DirectionLabels { direction: "output" }).inc_by(bytes as u64);
    }

    /// Bytes that go to an agent.
    pub fn input(&self, bytes: usize) {
        self.bytes.get_or_create(&DirectionLabels { direction: "input" }).inc_by(bytes as u64);
    }

    /// An attempt to attach, with the time it took if it succeeded.
    pub fn attached(&self, took: Option<std::time::Duration>) {
        match took {
            Some(took) => self.attach.observe(took.as_secs_f64()),
            None => drop(self.attach_failures.inc()),
        }
    }

    /// Output was dropped.
    pub fn overrun(&self) {
        self.overruns.inc();
    }

    /// A session ended.
    pub fn ended(&self, code: &'static str) {
        self.ended.get_or_create(&CodeLabels { code }).inc();
    }
}
