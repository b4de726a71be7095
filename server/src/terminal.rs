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
mod coalesce;
mod connect;
mod counters;
mod end;
mod leg;
pub mod limits;
mod resize;
mod session;
mod ttyd;
mod upgrade;

pub use counters::Counters;
pub use limits::Limits;

/// The route of the terminals' WebSockets. All of them share one count of open sessions.
pub fn router(state: &AppState) -> Router<AppState> {
    let admission = admission::Admission::new(state.http.terminals);
    Router::new().route("/agent-terminal/{id}/ws", get(upgrade::upgrade)).layer(Extension(admission))
}
