//! Options: how many terminals may be open, and what is kept of them.

use std::time::Duration;

use clap::Args;

use crate::terminal::Limits;

/// How many terminals may be open, and what is kept of them.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Terminals")]
pub struct TerminalOptions {
    /// Most terminals that one user may have open at one time.
    #[arg(long, env = "AIWORKER_TERMINALS_PER_USER", global = true, value_name = "NUMBER", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub terminals_per_user: u32,

    /// Most terminals that may be open at one time. Each takes about 50 kB while nothing happens in it.
    #[arg(long, env = "AIWORKER_TERMINALS", global = true, value_name = "NUMBER", default_value_t = 1000,
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub terminals: u32,

    /// How long an agent's terminal stays attached for a viewer whose connection was lost, in seconds. Whoever comes back in that
    /// time goes on where it was.
    #[arg(long, env = "AIWORKER_TERMINAL_KEEP", global = true, value_name = "SECONDS", default_value_t = 60,
        value_parser = clap::value_parser!(u32).range(0..=3600))]
    pub terminal_keep: u32,

    /// How long the last screen and the history of an agent's terminal stay readable after the agent was stopped, deleted or ended,
    /// in hours. They are in the database. 0 keeps nothing.
    #[arg(long, env = "AIWORKER_TERMINAL_RETENTION_HOURS", global = true, value_name = "HOURS", default_value_t = 720,
        value_parser = clap::value_parser!(u32).range(0..=87_600))]
    pub terminal_retention_hours: u32,

    /// How often the terminals of running agents are read for that, in seconds, because an agent that ends by itself takes its
    /// terminal along. 0 reads them only when an agent is stopped or deleted.
    #[arg(long, env = "AIWORKER_TERMINAL_READ_SECONDS", global = true, value_name = "SECONDS", default_value_t = 300,
        value_parser = clap::value_parser!(u32).range(0..=86_400))]
    pub terminal_read_seconds: u32,
}

impl TerminalOptions {
    /// How long what was last on a terminal is kept.
    pub fn kept_for(&self) -> Duration {
        Duration::from_hours(self.terminal_retention_hours.into())
    }

    /// How often it is read.
    pub fn read_every(&self) -> Duration {
        Duration::from_secs(self.terminal_read_seconds.into())
    }

    /// The limits that the gateway keeps.
    pub fn limits(&self) -> Limits {
        Limits {
            per_user: self.terminals_per_user as usize,
            total: self.terminals as usize,
            keep_for: Duration::from_secs(self.terminal_keep.into()),
            ..Limits::default()
        }
    }
}
