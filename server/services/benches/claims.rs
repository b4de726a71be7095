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

#[tokio::main]
async fn main() {
    for kind in [Kind::Sqlite, Kind::Postgres, Kind::Mariadb] {
        let tasks = AGENTS * TASKS_EACH;
        let bare = bare::measure(&World::new(kind, tasks).await, AGENTS, tasks).await;
        let ours = crew::measure(&World::new(kind, tasks).await, AGENTS, tasks).await;
        figure(kind, &bare, &ours).record();
    }
}

fn figure(kind: Kind, bare: &[Duration], ours: &[Duration]) -> Figure {
    let name = match kind {
        Kind::Sqlite => "SQLite",
        Kind::Postgres => "PostgreSQL",
        Kind::Mariadb => "MariaDB",
    };
    Figure {
        what: format!("A claim among {AGENTS} agents against the bare statement among {AGENTS} clients, {name}, p95"),
        value: figure::p95(ours) / figure::p95(bare),
        unit: "×",
        most: LIMIT,
        detail: format!(
            "{:.1} against {:.1} ms, p50 {:.1} against {:.1} ms, {} claims each, each task taken once",
            figure::p95(ours),
            figure::p95(bare),
            figure::p50(ours),
            figure::p50(bare),
            ours.len(),
        ),
    }
}
