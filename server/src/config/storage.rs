//! Options: where things are kept.

use std::{env, path::PathBuf, time::Duration};

use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use store::StoreConfig;

use super::{ConfigError, secret_from};

/// The file of the embedded database, in the data folder.
const DATABASE_FILE: &str = "aiworker.db";
/// The file of the installation's own key, in the data folder.
const SIGNING_KEY_FILE: &str = "signing.key";
/// The file of the keys that seal credentials, in the data folder.
const CREDENTIAL_KEYS_FILE: &str = "credentials.keys";

/// Where things are kept.
#[expect(clippy::doc_markdown, reason = "these are the help texts too, shown as they stand")]
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Storage")]
pub struct StorageOptions {
    /// Folder of the embedded database, the agents' workspaces and this installation's key.
    /// [default: $XDG_DATA_HOME/aiworker, or ~/.local/share/aiworker]
    #[arg(long, env = "AIWORKER_DATA", global = true, value_name = "FOLDER")]
    pub data: Option<PathBuf>,

    /// The database: sqlite://PATH, postgres://… or mysql://…. [default: an SQLite file in the data folder]
    #[arg(long, env = "DATABASE_URL", global = true, value_name = "URL", hide_env_values = true)]
    pub database_url: Option<SecretString>,

    /// File that holds the database's address, instead of --database-url.
    #[arg(long, env = "DATABASE_URL_FILE", global = true, value_name = "FILE", conflicts_with = "database_url")]
    pub database_url_file: Option<PathBuf>,

    /// File that holds this installation's key, from which the agents' terminal passwords and tokens are made.
    /// [default: signing.key in the data folder, made at first start]
    #[arg(long, env = "AIWORKER_SIGNING_KEY_FILE", global = true, value_name = "FILE")]
    pub signing_key_file: Option<PathBuf>,

    /// File with the keys that seal users' credentials, one on each line: the first seals, all open.
    /// [default: credentials.keys in the data folder, made at first start]
    #[arg(long, env = "AIWORKER_CREDENTIAL_KEYS_FILE", global = true, value_name = "FILE")]
    pub credential_keys_file: Option<PathBuf>,

    /// The keys that seal users' credentials themselves, with commas between them, instead of a file.
    #[arg(
        long,
        env = "AIWORKER_CREDENTIAL_KEYS",
        global = true,
        value_name = "KEYS",
        hide_env_values = true,
        conflicts_with = "credential_keys_file"
    )]
    pub credential_keys: Option<SecretString>,

    /// Refuse to start when the database must be migrated first, instead of migrating it.
    #[arg(long, env = "AIWORKER_NO_MIGRATE", global = true)]
    pub no_migrate: bool,

    /// Most database connections at one time.
    #[arg(long, env = "AIWORKER_DATABASE_CONNECTIONS", global = true, value_name = "NUMBER", default_value_t = 8,
        value_parser = clap::value_parser!(u16).range(1..=500))]
    pub database_connections: u16,

    /// How long one database statement may take, in seconds.
    #[arg(long, env = "AIWORKER_DATABASE_TIMEOUT_SECONDS", global = true, value_name = "SECONDS", default_value_t = 10,
        value_parser = clap::value_parser!(u16).range(1..=600))]
    pub database_timeout_seconds: u16,
}

impl StorageOptions {
    /// The data folder, with its full path.
    pub fn data(&self) -> Result<PathBuf, ConfigError> {
        let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let usual = || {
            let parent = folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")))?;
            Some(parent.join("aiworker"))
        };
        let given = self.data.clone().filter(|path| !path.as_os_str().is_empty());
        let path = given.or_else(usual).ok_or(ConfigError::NoDataFolder)?;
        std::path::absolute(&path).map_err(|source| ConfigError::RelativeData { path, source })
    }

    /// How to reach the database.
    pub fn store(&self) -> Result<StoreConfig, ConfigError> {
        let given = match &self.database_url_file {
            Some(path) => Some(secret_from(path, "--database-url-file")?),
            None => self.database_url.clone(),
        };
        let given = given.filter(|url| !url.expose_secret().is_empty());
        let url = match given {
            Some(url) => url,
            None => SecretString::from(format!("sqlite://{}", self.data()?.join(DATABASE_FILE).display())),
        };
        let mut config = StoreConfig::new(url);
        config.max_connections = self.database_connections.into();
        config.statement_timeout = Duration::from_secs(self.database_timeout_seconds.into());
        Ok(config)
    }

    /// The file of the keys that seal credentials.
    pub fn credential_keys_file(&self) -> Result<PathBuf, ConfigError> {
        self.credential_keys_file.clone().map_or_else(|| Ok(self.data()?.join(CREDENTIAL_KEYS_FILE)), Ok)
    }

    /// The file of this installation's key.
    pub fn signing_key(&self) -> Result<PathBuf, ConfigError> {
        self.signing_key_file.clone().map_or_else(|| Ok(self.data()?.join(SIGNING_KEY_FILE)), Ok)
    }
}
