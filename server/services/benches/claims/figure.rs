//! Figures, and where they go: a line of JSON for `scripts/bench`, which writes the table.

use std::{fs::OpenOptions, io::Write as _, time::Duration};

use serde_json::json;

/// One row of docs/BENCHMARKS.md.
pub struct Figure {
    /// What was measured, for people.
    pub what: String,
    /// The figure itself.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// At most so much.
    pub most: f64,
    /// What the figure is made of.
    pub detail: String,
}

impl Figure {
    /// Keeps the figure.
    #[expect(clippy::print_stdout, reason = "it is for whoever runs the measurement")]
    pub fn record(self) {
        let Self { what, value, unit, most, detail } = self;
        let line = json!({"what": what, "value": value, "unit": unit, "detail": detail, "limit": {"most": most}});
        println!("{line}");
        let Ok(path) = std::env::var("BENCH_FILE") else { return };
        let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
        writeln!(file, "{line}").unwrap();
    }
}

/// The middle, in milliseconds.
pub fn p50(times: &[Duration]) -> f64 {
    quantile(times, 50)
}

/// What nineteen of twenty stay below, in milliseconds.
pub fn p95(times: &[Duration]) -> f64 {
    quantile(times, 95)
}

fn quantile(times: &[Duration], percent: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)].as_secs_f64() * 1000.0
}
