//! Tests of the whole server: its real router on a real socket, SQLite in a temporary folder, agents in memory.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "tests may be blunt")]

mod authorization;
mod autopilot;
mod bad_input;
mod command_line;
mod cookies;
mod cross_site;
mod events;
mod headers;
mod killed;
mod mcp;
mod neighbours;
mod openapi;
mod operations;
mod orphans;
mod ownership;
mod pages;
mod secrets;
mod startup_faults;
mod support;
mod terminal;
mod tools;
mod two_servers;
mod users;
