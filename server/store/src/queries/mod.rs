//! The queries. This folder is compiled once for every database: `Conn`, `write_tx!` and `insert_all!` come from the file that
//! includes it. Only what all three databases understand alike may stand here (see `migrations/README.md`).

pub mod accounts;
pub mod agent_tokens;
pub mod agents;
pub mod audit;
pub mod claims;
pub mod credentials;
pub mod kept_terminals;
pub mod projects;
pub mod questions;
pub mod schema;
pub mod servers;
pub mod sessions;
pub mod tasks;
pub mod terms;
pub mod timeline;
pub mod tokens;
pub mod users;
pub mod work;
