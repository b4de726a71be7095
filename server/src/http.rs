//! The JSON API: one file per kind of object. Handlers translate; `services` decides.

pub mod agents;
pub mod audit;
pub mod auth;
pub mod credentials;
pub mod docs;
pub mod envelope;
pub mod events;
pub mod extract;
pub mod health;
pub mod orphans;
pub mod problem;
pub mod projects;
pub mod questions;
pub mod runtime;
pub mod sessions;
pub mod tasks;
pub mod tokens;
pub mod tools;
pub mod users;

pub use envelope::{Accepted, Created, Done, Envelope, Reply};
pub use problem::{Failures, Problem};
