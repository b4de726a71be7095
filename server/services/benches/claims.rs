//! What a claim costs: fifty agents take tasks until none is left, against fifty clients that run the bare statement.
//!
//! Both do so at the same concurrency, over as many connections as a server has, on a fresh database of the same server. An
//! agent's claim is the whole call of its tool without HTTP: it renews, locks, checks limits and dependencies, writes the lease,
//! the timelines and the phase, and reads what the answer says; between two claims it finishes its task, which is not timed.
//! `scripts/bench claims` runs it on the release build.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a measurement may be blunt")]

#[path = "claims/bare.rs"]
mod bare;
#[path = "claims/crew.rs"]
mod crew;
#[path = "claims/figure.rs"]
mod figure;
#[path = "claims/world.rs"]
mod world;

use std::time::Duration;

use test_databases::Kind;

use crate::{figure::Figure, world::World};

/// Who takes tasks at the same time.
const AGENTS: usize = 50;
/// Tasks for each of them.
const TASKS_EACH: usize = 200;
/// A claim may take so many times as long as the bare statement.
const LIMIT: f64 = 10.0;
/// How often both are measured, in turns; the median of their ratios counts.
const ROUNDS: usize = 3;

#[tokio::main]
async fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let (rounds, tasks) = if quick { (1, AGENTS * 20) } else { (ROUNDS, AGENTS * TASKS_EACH) };
    for kind in [Kind::Sqlite, Kind::Postgres, Kind::Mariadb] {
        let mut all = Vec::new();
        for _ in 0..rounds {
            let bare = bare::measure(&World::new(kind, tasks).await, AGENTS, tasks).await;
            let ours = crew::measure(&World::new(kind, tasks).await, AGENTS, tasks).await;
            all.push((bare, ours));
        }
        figure(kind, &mut all).record();
    }
}

/// The row of the round whose ratio is the median.
fn figure(kind: Kind, rounds: &mut [(Vec<Duration>, Vec<Duration>)]) -> Figure {
    let ratio = |(bare, ours): &(Vec<Duration>, Vec<Duration>)| figure::p95(ours) / figure::p95(bare);
    rounds.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    let (least, most) = (ratio(&rounds[0]), ratio(&rounds[rounds.len() - 1]));
    let middle = &rounds[rounds.len() / 2];
    let (bare, ours) = middle;
    Figure {
        what: format!("A claim against the bare statement, {AGENTS} at once, {kind:?}, p95"),
        value: ratio(middle),
        unit: "×",
        most: LIMIT,
        detail: format!(
            "{:.3} against {:.3} ms, p50 {:.3} against {:.3} ms, {} claims each, {least:.2} to {most:.2} × in {} rounds",
            figure::p95(ours),
            figure::p95(bare),
            figure::p50(ours),
            figure::p50(bare),
            ours.len(),
            rounds.len(),
        ),
    }
}
