//! What storage promises, proved on `SQLite`, `PostgreSQL` and `MariaDB` alike.

#[macro_use]
mod support;

mod agents;
mod audit;
mod dropped;
mod opening;
mod projects;
mod schema;
mod sessions;
mod tasks;
mod timeline;
mod tokens;
mod users;
