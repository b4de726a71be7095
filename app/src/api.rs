//! Server functions, a module per area. Each takes the services and the caller from its context, makes one service
//! call and returns a domain type; it holds no rule of its own.
//!
//! Forms post to them before the WASM is there, so those that change something also say where a plain form goes next.

pub mod agents;
pub mod auth;
#[cfg(feature = "ssr")]
pub mod context;
pub mod credentials;
pub mod fields;
pub mod orphans;
pub mod projects;
pub mod questions;
pub mod runtime;
pub mod sessions;
pub mod tasks;
pub mod theme;
pub mod timeline;
pub mod tokens;
pub mod users;
