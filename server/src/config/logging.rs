//! Options: what is logged.

use clap::Args;

use crate::telemetry::LogFormat;

/// What is logged.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logging")]
pub struct LogOptions {
    /// What to log: error, warn, info, debug, trace, or target=level pairs separated by commas.
    #[arg(long, env = "AIWORKER_LOG", global = true, value_name = "FILTER", default_value = "info")]
    pub log: String,

    /// How log lines look: auto is text on a terminal and JSON otherwise.
    #[arg(long, env = "AIWORKER_LOG_FORMAT", global = true, value_name = "FORMAT", default_value = "auto")]
    pub log_format: LogFormat,
}
