//! What is counted, for `/metrics`. Names end in their unit; labels come from closed sets only, never from ids.

use std::{
    fmt,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use domain::{Agent, OrphanKind, Phase, Timestamp};
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

use crate::{mcp, terminal::Counters};

/// The labels of a finished request.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    /// The route's pattern, such as `/api/agents/{id}`.
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OrphanLabels {
    kind: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct PhaseLabels {
    phase: &'static str,
}

/// Everything that is counted. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram>,
    agents: Family<PhaseLabels, Gauge>,
    orphans: Family<OrphanLabels, Gauge>,
    terminals_open: Gauge,
    terminals_opened: Counter,
    terminals: Counters,
    mcp: mcp::Counters,
    event_streams: Gauge,
    database_up: Gauge,
    runtime_up: Gauge,
    reconciles: Gauge,
    neighbours: Gauge,
    waiting_calls: Gauge,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// A registry with every metric in it, of a process that began at `started_at`.
    pub fn new(started_at: Timestamp) -> Self {
        let mut registry = Registry::with_prefix("aiworker");
        let start: Gauge<f64, AtomicU64> = Gauge::default();
        let since_epoch = started_at.saturating_duration_since(Timestamp::UNIX_EPOCH);
        start.set(since_epoch.as_secs_f64());
        registry.register("process_start_time_seconds", "When this process began", start);
        let mut metrics = Self {
            registry: Arc::default(),
            requests: Family::default(),
            // 1 ms to about 8 s.
            durations: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 2.0, 14))),
            agents: Family::default(),
            orphans: Family::default(),
            terminals_open: Gauge::default(),
            terminals_opened: Counter::default(),
            terminals: Counters::register(&mut registry),
            mcp: mcp::Counters::register(&mut registry),
            event_streams: Gauge::default(),
            database_up: Gauge::default(),
            runtime_up: Gauge::default(),
            reconciles: Gauge::default(),
            neighbours: Gauge::default(),
            waiting_calls: Gauge::default(),
        };
        registry.register("http_requests", "Finished HTTP requests", metrics.requests.clone());
        registry.register(
            "http_request_duration_seconds",
            "Time until the answer's head was sent",
            metrics.durations.clone(),
        );
        registry.register("agents", "Agents by the phase that was last observed", metrics.agents.clone());
        registry.register(
            "orphans",
            "What the runtime or the database has alone, as last seen by this process",
            metrics.orphans.clone(),
        );
        registry.register("terminal_sessions", "Terminals open in browsers", metrics.terminals_open.clone());
        registry.register(
            "terminal_sessions_opened",
            "Terminals opened since this process began",
            metrics.terminals_opened.clone(),
        );
        registry.register("event_streams", "Open streams of live events", metrics.event_streams.clone());
        registry.register("database_up", "Whether the database answered at this scrape", metrics.database_up.clone());
        registry.register("runtime_up", "Whether the runtime answered when last asked", metrics.runtime_up.clone());
        registry.register(
            "reconciles",
            "Whether this process is the one that reconciles, of all that share the database",
            metrics.reconciles.clone(),
        );
        registry.register(
            "neighbours",
            "Other processes on the same database that this one knows to be alive",
            metrics.neighbours.clone(),
        );
        registry.register(
            "mcp_calls_waiting",
            "Calls of agents that wait for work or for an answer",
            metrics.waiting_calls.clone(),
        );
        metrics.registry = Arc::new(registry);
        metrics
    }

    /// Notes a finished request.
    pub fn request(&self, route: &str, method: &http::Method, status: http::StatusCode, took: Duration) {
        let (route, method) = (route.to_owned(), known_method(method));
        self.durations.get_or_create(&RouteLabels { route: route.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&RequestLabels { route, method, status: status.as_u16() }).inc();
    }

    /// Counts a terminal as open until the guard is dropped.
    pub fn terminal_opened(&self) -> OpenGuard {
        self.terminals_opened.inc();
        OpenGuard::new(&self.terminals_open)
    }

    /// What is counted of terminals beyond their number.
    pub fn terminals(&self) -> &Counters {
        &self.terminals
    }

    /// What is counted of the agents' calls.
    pub fn mcp(&self) -> &mcp::Counters {
        &self.mcp
    }

    /// Counts a stream of live events as open until the guard is dropped.
    pub fn event_stream_opened(&self) -> OpenGuard {
        OpenGuard::new(&self.event_streams)
    }

    /// Takes over how many agents are in each phase.
    pub fn set_agents(&self, agents: &[Agent]) {
        for phase in Phase::ALL {
            let count = agents.iter().filter(|agent| agent.phase == *phase).count();
            let gauge = self.agents.get_or_create_owned(&PhaseLabels { phase: phase.as_str() });
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// Takes over how many orphans of each kind there are.
    pub fn set_orphans(&self, count: impl Fn(OrphanKind) -> usize) {
        for kind in OrphanKind::ALL {
            let gauge = self.orphans.get_or_create_owned(&OrphanLabels { kind: kind.as_str() });
            gauge.set(i64::try_from(count(kind)).unwrap_or(i64::MAX));
        }
    }

    /// Takes over whether the database answers.
    pub fn set_database_up(&self, up: bool) {
        self.database_up.set(i64::from(up));
    }

    /// Takes over whether the runtime answers.
    pub fn set_runtime_up(&self, up: bool) {
        self.runtime_up.set(i64::from(up));
    }

    /// Takes over whether this process reconciles.
    pub fn set_reconciles(&self, does: bool) {
        self.reconciles.set(i64::from(does));
    }

    /// Takes over how many other processes share the database.
    pub fn set_neighbours(&self, count: usize) {
        self.neighbours.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Takes over how many calls of agents wait.
    pub fn set_waiting_calls(&self, count: usize) {
        self.waiting_calls.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// The text that a monitoring system reads.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut page = String::new();
        text::encode(&mut page, &self.registry)?;
        Ok(page)
    }
}

/// Takes part in a gauge while it lives.
#[derive(Debug)]
pub struct OpenGuard(Gauge);

impl OpenGuard {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for OpenGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Callers may invent methods; labels may not.
fn known_method(method: &http::Method) -> &'static str {
    ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]
        .into_iter()
        .find(|known| method.as_str() == *known)
        .unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_the_prefix_and_invented_methods_share_a_label() {
        let metrics = Metrics::new(Timestamp::UNIX_EPOCH);
        for method in [http::Method::GET, http::Method::from_bytes(b"BREW").unwrap()] {
            metrics.request("/api/health", &method, http::StatusCode::OK, Duration::from_millis(3));
        }
        let guard = metrics.event_stream_opened();
        let page = metrics.encode().unwrap();
        assert!(page.contains(r#"aiworker_http_requests_total{route="/api/health",method="other",status="200"} 1"#));
        assert!(page.contains("aiworker_event_streams 1"));
        drop(guard);
        assert!(metrics.encode().unwrap().contains("aiworker_event_streams 0"));
        for line in page.lines().filter(|line| !line.starts_with('#')) {
            assert!(line.starts_with("aiworker_"), "{line}");
        }
    }
}
