//! The real server with agents in a real cluster, behind a wire that breaks. `make test-cluster` gives it one, as it does the
//! tests of the Kubernetes runtime, whose world this is. Nothing here needs a node;
//! what is about many agents has an API server of its own with nothing behind it.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on shall stop, and names things by the time"
)]

mod away;
#[path = "../it/support/client.rs"]
#[expect(dead_code, reason = "what it can do is for other tests, too")]
mod client;
#[path = "../../services/benches/claims/figure.rs"]
#[expect(dead_code, reason = "what it can do is for other measurements, too")]
mod figure;
mod killed;
mod many;
#[path = "../it/support/program.rs"]
#[expect(dead_code, reason = "what it can do is for other tests, too")]
mod program;
mod served;
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
