//! What is counted of the agents' calls.

use std::time::Duration;

use domain::tools::Tool;
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
struct CallLabels {
    tool: &'static str,
    /// `ok`, or the code of the error.
    outcome: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ToolLabels {
    tool: &'static str,
}

/// Calls of tools. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Counters {
    calls: Family<CallLabels, Counter>,
    durations: Family<ToolLabels, Histogram>,
}

impl Counters {
    /// Makes them and adds them to the registry.
    pub fn register(registry: &mut Registry) -> Self {
        let counters = Self {
            calls: Family::default(),
            // 1 ms to about a minute: some calls wait on purpose.
            durations: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 2.0, 17))),
        };
        registry.register("mcp_calls", "Calls of tools by agents", counters.calls.clone());
        registry.register(
            "mcp_call_duration_seconds",
            "Time a tool took, waiting included",
            counters.durations.clone(),
        );
        counters
    }

    /// Notes a finished call.
    pub fn called(&self, tool: Tool, outcome: &'static str, duration: Duration) {
        let tool = tool.as_str();
        self.calls.get_or_create(&CallLabels { tool, outcome }).inc();
        self.durations.get_or_create(&ToolLabels { tool }).observe(duration.as_secs_f64());
    }
}
