//! What each command does, one file each.

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use crate::{
    cli::{self, Cli, Command},
    startup::{self, StartError},
    telemetry,
};

mod admin;
pub mod doctor;
mod serve;

/// Most threads for work that blocks: SQLite statements and password hashes, both of which are limited elsewhere too.
const BLOCKING_THREADS_MAX: usize = 64;
/// Rendering a page is a deep recursion in a build without optimisation. The memory counts only where it is touched.
const STACK_BYTES: usize = 4 * 1024 * 1024;
/// How long threads that block may take to come back at the end.
const THREADS_DEADLINE: Duration = Duration::from_secs(1);

/// Does what the command line says.
pub fn run(cli: Cli) -> Result<ExitCode, StartError> {
    let Cli { command, config } = cli;
    let command = match command.unwrap_or(Command::Serve) {
        Command::ConfigTable => {
            print(&cli::config_table())?;
            return Ok(ExitCode::SUCCESS);
        }
        // These run inside agents: they have no database, and their standard output is spoken for.
        Command::Inside(command) => {
            command.run()?;
            return Ok(ExitCode::SUCCESS);
        }
        other => other,
    };
    telemetry::init(config.logging.log_format, &config.logging.log)?;
    let threads = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .thread_stack_size(STACK_BYTES)
        .build()?;
    let outcome = threads.block_on(async {
        match command {
            Command::Serve => serve::run(&config).await,
            Command::Migrate => migrate(&config).await,
            Command::Doctor { json } => doctor::run(&config, json).await,
            Command::Admin(command) => admin::run(&config, command).await,
            Command::Inside(_) | Command::ConfigTable => Ok(ExitCode::SUCCESS),
        }
    });
    threads.shutdown_timeout(THREADS_DEADLINE);
    outcome
}

async fn migrate(config: &crate::config::Config) -> Result<ExitCode, StartError> {
    let store = startup::connect(config).await?;
    let applied = store.migrate().await?;
    let mut report: String = applied.iter().map(|name| format!("applied {name}\n")).collect();
    if applied.is_empty() {
        report.push_str("the database is up to date\n");
    }
    print(&report)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes for people and for pipes. A reader that has gone away is no error.
fn print(text: &str) -> Result<(), StartError> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
