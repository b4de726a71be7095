//! The `aiworker` program: reads the command line and does what it says.

use std::{error::Error, io::Write, process::ExitCode};

use clap::Parser;
use server::{cli::Cli, command};

fn main() -> ExitCode {
    match command::run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            // Standard error may be closed; there is nobody left to tell.
            let _ = writeln!(std::io::stderr(), "aiworker: {}", with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

/// One sentence for people: the error and what caused it. No backtrace.
fn with_causes(error: &dyn Error) -> String {
    let mut sentence = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !sentence.contains(&text) {
            sentence = format!("{} ({text})", sentence.trim_end_matches('.'));
        }
        cause = error.source();
    }
    if sentence.ends_with(['.', ')']) { sentence } else { sentence + "." }
}
