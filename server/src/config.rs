//! Every option of `aiworker`: a flag, an environment variable and a line that says what it is, one file per section.
//!
//! `aiworker --help` and the README's table are made from these definitions.

use std::{fs, io, path::PathBuf};

use clap::Args;
use secrecy::SecretString;

mod accounts;
mod agents;
mod kubernetes;
mod listen;
mod logging;
mod storage;
mod terminals;

pub use accounts::AccountOptions;
pub use agents::{AgentOptions, RuntimeName};
pub use kubernetes::KubernetesOptions;
pub use listen::ListenOptions;
pub use logging::LogOptions;
pub use storage::StorageOptions;
pub use terminals::TerminalOptions;

/// Every option.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Where it listens and how people reach it.
    #[command(flatten)]
    pub listen: ListenOptions,
    /// Where things are kept.
    #[command(flatten)]
    pub storage: StorageOptions,
    /// Who may sign in and for how long.
    #[command(flatten)]
    pub accounts: AccountOptions,
    /// Where agents run.
    #[command(flatten)]
    pub agents: AgentOptions,
    /// The cluster that agents run in.
    #[command(flatten)]
    pub kubernetes: KubernetesOptions,
    /// How many terminals may be open.
    #[command(flatten)]
    pub terminals: TerminalOptions,
    /// What is logged.
    #[command(flatten)]
    pub logging: LogOptions,
}

/// The options do not make sense.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no home folder to put the data in.
    #[error("there is no home folder to keep data in. Choose a folder with --data or AIWORKER_DATA.")]
    NoDataFolder,
    /// The data folder is relative and the current folder is unknown.
    #[error("the data folder {path} cannot be found from here: {source}. Give its full path with --data.")]
    RelativeData {
        /// As it was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file with a secret cannot be read.
    #[error("the file {path} of {option} cannot be read: {source}.")]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// The option that names it.
        option: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The public address is none.
    #[error("--public-url {0} is not an address. Use the form https://agents.example.com, without a path.")]
    PublicUrl(String),
    /// A proxy's address is none.
    #[error("--trusted-proxies: {0}.")]
    TrustedProxies(String),
}

/// The secret in a file, without the line break that editors add.
fn secret_from(path: &PathBuf, option: &'static str) -> Result<SecretString, ConfigError> {
    let text =
        fs::read_to_string(path).map_err(|source| ConfigError::SecretFile { path: path.clone(), option, source })?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned()))
}
