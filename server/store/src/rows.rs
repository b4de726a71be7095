//! Rows of tables and how they become things of the domain. Private: nothing outside storage sees a row.

pub mod agent;
pub mod claim;
pub mod credential;
pub mod event;
pub mod kept_terminal;
pub mod project;
pub mod question;
pub mod server;
pub mod session;
pub mod task;
pub mod token;
pub mod user;
pub mod work;
