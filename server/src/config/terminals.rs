//! Options: how many terminals may be open.

use std::time::Duration;

use clap::Args;

use crate::terminal::Limits;

/// How many terminals may be open.
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
}

impl TerminalOptions {
    /// The limits that the gateway keeps.
    pub fn limits(&self) -> Limits {
        Limits {
            per_user: self.terminals_per_user as usize,
            total: self.terminals as usize,
            keep_for: Duration::from_secs(self.terminal_keep.into()),
        }
    }
}
