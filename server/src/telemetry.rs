//! The log: text for people at a terminal, JSON lines for everything else. It never holds bodies, headers or addresses
//! with their ids.

use std::io::IsTerminal;

use clap::ValueEnum;
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// One line of text per event.
    Text,
    /// One JSON object per event.
    Json,
}

/// Libraries that write handshakes and frames, with the passwords and keystrokes in them, into a log that asks for every word. They
/// say what went wrong at this level, too.
const DISCREET: [&str; 2] = ["tungstenite=info", "tokio_tungstenite=info"];

/// The filter is not one.
#[derive(Debug, thiserror::Error)]
#[error("the log filter {filter:?} cannot be read: {source}. Use a level such as info, or target=level pairs.")]
pub struct FilterError {
    filter: String,
    source: tracing_subscriber::filter::ParseError,
}

/// Begins to log to standard error.
pub fn init(format: LogFormat, filter: &str) -> Result<(), FilterError> {
    let parsed = parse(filter).map_err(|source| FilterError { filter: filter.to_owned(), source })?;
    let terminal = std::io::stderr().is_terminal();
    let json = match format {
        LogFormat::Auto => !terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let lines = fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(parsed);
    // A second logger can only come from a test; the first one stays.
    let _ = if json {
        registry.with(lines.json().flatten_event(true).with_current_span(true).with_span_list(false)).try_init()
    } else {
        registry.with(lines.compact().with_ansi(terminal).with_target(false)).try_init()
    };
    Ok(())
}

/// The operator's filter, within what a log may hold.
fn parse(filter: &str) -> Result<EnvFilter, tracing_subscriber::filter::ParseError> {
    let mut parsed = EnvFilter::try_new(filter)?;
    for directive in DISCREET {
        parsed = parsed.add_directive(directive.parse()?);
    }
    Ok(parsed)
}
