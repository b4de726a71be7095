//! The terminal gateway: a browser's WebSocket on one side, an agent's ttyd on the other. `docs/terminal-protocol.md`
//! describes what flows between the browser and here.
//!
//! A request becomes a session in `upgrade`; [`session`] decides what a session does and knows no sockets; `bridge`
//! moves the bytes.

use axum::{Extension, Router, routing::get};

use crate::AppState;

mod access;
mod admission;
mod bridge;
mod connect;
mod counters;
mod end;
mod handover;
mod history;
mod leg;
pub mod limits;
mod missed;
mod notes;
mod outbox;
mod pace;
mod prelude;
mod questions;
mod registry;
mod resize;
mod session;
mod ttyd;
mod typed;
mod upgrade;
mod window;

pub use counters::Counters;
pub use history::HistoryReader;
pub use limits::Limits;

/// The routes of the terminals beside their pages. All of them share one registry of sessions.
pub fn router(state: &AppState) -> Router<AppState> {
    let registry = registry::Registry::new(state.http.terminals);
    Router::new()
        .route("/agent-terminal/{id}/ws", get(upgrade::upgrade))
        .route("/agent-terminal/{id}/history", get(history::history))
        .layer(Extension(registry))
}
