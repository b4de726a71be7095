//! What storage promises, proved on `SQLite`, `PostgreSQL` and `MariaDB` alike.
#![expect(clippy::unwrap_used, reason = "a test fails by it, and helpers of tests are no tests to clippy")]

#[macro_use]
mod support;

mod accounts;
mod agents;
mod audit;
mod dropped;
mod kept_terminals;
mod opening;
mod projects;
mod queue;
mod schema;
mod servers;
mod sessions;
mod tasks;
mod terms;
mod timeline;
mod tokens;
mod users;
