//! The commands that run inside agents, as the command line has them. Each has a small runtime of its own: there may be many
//! agents on one host.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    path::PathBuf,
};

use clap::Subcommand;
use tokio::{
    fs::File,
    io::BufReader,
    runtime::{Builder, Runtime},
};

use crate::{InsideError, Place, autopilot, bridge, setup};

/// What to do inside an agent.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Carry MCP from standard input and output to AiWorker, for clients that cannot speak HTTP.
    McpBridge {
        /// Where AiWorker is.
        #[command(flatten)]
        place: Place,
    },
    /// Inside an agent: take one task after the other and run the coding CLI on each.
    Autopilot {
        /// Where AiWorker is.
        #[command(flatten)]
        place: Place,
        /// The coding CLI's command line, with the prompt on its standard input. [default: Claude Code]
        #[arg(long, env = "START_COMMAND", value_name = "COMMAND", default_value = "", hide_default_value = true)]
        template: String,
        /// The folder of the clone.
        #[arg(long, env = "AIWORKER_WORKSPACE", value_name = "FOLDER", default_value = "/workspace")]
        workspace: PathBuf,
        /// The folder of the entrypoint's notes.
        #[arg(long, env = "AIWORKER_RUN", value_name = "FOLDER", default_value = "/run/agent")]
        run: PathBuf,
    },
    /// Inside an agent: prepare Claude Code for working with AiWorker.
    AgentSetup {
        /// Where AiWorker is.
        #[command(flatten)]
        place: Place,
    },
}

impl Command {
    /// Does it, to its end.
    pub fn run(self) -> Result<(), InsideError> {
        match self {
            Self::McpBridge { place } => bridge(place),
            Self::Autopilot { place, template, workspace, run } => {
                let options = autopilot::Options { workspace, run, template };
                small_runtime()?.block_on(autopilot::run(place, options))
            }
            Self::AgentSetup { place } => setup::run(&place, &setup::Folders::from_environment()),
        }
    }
}

fn bridge(place: Place) -> Result<(), InsideError> {
    let threads = small_runtime()?;
    let outcome = threads.block_on(async {
        let (input, output) = (stream(io::stdin().as_fd())?, stream(io::stdout().as_fd())?);
        bridge::run(place, BufReader::new(input), output).await
    });
    // A thread may still wait for standard input.
    threads.shutdown_background();
    outcome
}

/// Standard input or output, whatever it is connected to.
fn stream(of: BorrowedFd<'_>) -> io::Result<File> {
    Ok(File::from_std(of.try_clone_to_owned()?.into()))
}

fn small_runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
