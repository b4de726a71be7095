//! The commands that run inside agents. Each has a small runtime of its own: there may be many agents on one host.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    process::ExitCode,
};

use tokio::{
    fs::File,
    io::BufReader,
    runtime::{Builder, Runtime},
};

use crate::{
    inside::{
        InsideError, Place,
        autopilot::{self, Options},
        bridge, setup,
    },
    startup::StartError,
};

/// `aiworker mcp-bridge`.
pub fn bridge(place: Place) -> Result<ExitCode, StartError> {
    let threads = small_runtime()?;
    let outcome = threads.block_on(async {
        let (input, output) = (stream(io::stdin().as_fd())?, stream(io::stdout().as_fd())?);
        Ok::<_, io::Error>(bridge::run(place, BufReader::new(input), output).await)
    })?;
    // A thread may still wait for standard input.
    threads.shutdown_background();
    done(outcome)
}

/// `aiworker autopilot`.
pub fn autopilot(place: Place, options: Options) -> Result<ExitCode, StartError> {
    done(small_runtime()?.block_on(autopilot::run(place, options)))
}

/// `aiworker agent-setup`.
pub fn setup(place: &Place) -> Result<ExitCode, StartError> {
    done(setup::run(place, &setup::Folders::from_environment()))
}

/// Standard input or output, whatever it is connected to.
fn stream(of: BorrowedFd<'_>) -> io::Result<File> {
    Ok(File::from_std(of.try_clone_to_owned()?.into()))
}

fn small_runtime() -> Result<Runtime, StartError> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

fn done(outcome: Result<(), InsideError>) -> Result<ExitCode, StartError> {
    outcome?;
    Ok(ExitCode::SUCCESS)
}
