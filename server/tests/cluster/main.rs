//! The real server with agents in a real cluster, behind a wire that breaks. `make test-cluster` gives it one, as it does the
//! tests of the Kubernetes runtime, whose world this is. Nothing here but the terminals needs a node;
//! what is about many agents has an API server of its own with nothing behind it.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on shall stop, and names things by the time"
)]

mod away;
mod chaos;
#[path = "../../services/benches/claims/figure.rs"]
#[expect(dead_code, reason = "what it can do is for other measurements, too")]
mod figure;
mod killed;
mod many;
mod served;
#[path = "../it/support"]
#[expect(dead_code, reason = "what it can do is for other tests, too")]
mod support {
    mod client;
    mod dice;
    mod nginx;
    mod program;
    mod skipped;

    pub use client::Client;
    pub use dice::Dice;
    pub use nginx::nginx;
    pub use program::{Program, Running};
    pub use skipped::skipped;
}
#[path = "../it/terminal"]
#[expect(dead_code, reason = "what it can do is for other tests, too")]
mod terminal {
    #[path = "chaos/ordeal.rs"]
    pub mod ordeal;
    pub mod viewer;
}
mod users;
#[path = "../../runtime/tests/process/viewer.rs"]
#[expect(dead_code, reason = "what it can do is for other tests, too")]
mod viewer;
#[path = "../../runtime/tests/cluster/wire.rs"]
#[expect(dead_code, reason = "what it can do is for other tests, too")]
mod wire;
#[path = "../../runtime/tests/cluster/world.rs"]
#[expect(dead_code, reason = "what it can do is for other tests, too")]
mod world;
