//! The `aiworker` program of agents' images: the commands that run inside agents, and nothing of the server.

use std::{error::Error, io::Write, process::ExitCode};

use clap::Parser;
use inside::Command;

/// The part of AiWorker that runs inside agents.
#[derive(Debug, Parser)]
#[command(name = "aiworker", version, max_term_width = 120)]
struct Cli {
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let Err(error) = Cli::parse().command.run() else { return ExitCode::SUCCESS };
    let cause = error.source().and_then(Error::source).map(|cause| format!(" ({cause})")).unwrap_or_default();
    // Standard error may be closed; there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "aiworker: {error}{cause}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn it_knows_what_runs_inside_agents_and_nothing_else() {
        let mut command = Cli::command();
        command.build();
        let names: Vec<_> = command.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(names, ["mcp-bridge", "autopilot", "agent-setup", "help"]);
        command.debug_assert();
    }
}
