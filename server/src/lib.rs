//! The `aiworker` server: configuration, HTTP, terminal gateway, telemetry and lifecycle.
//!
//! It wires the other crates together and translates between HTTP and `services`. It holds no business rules.

pub mod admin_listener;
pub mod cli;
pub mod command;
pub mod config;
pub mod http;
pub mod lifecycle;
pub mod listener;
pub mod mcp;
pub mod metrics;
pub mod middleware;
pub mod pages;
pub mod router;
pub mod startup;
pub mod state;
pub mod static_files;
pub mod telemetry;
pub mod terminal;

pub use router::build_router;
pub use state::{AppParts, AppState};
