//! What opening a database takes and tells.

use std::time::Duration;

use secrecy::SecretString;

/// How to reach the database and how long it may take.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// `sqlite://path`, `postgres://…` or `mysql://…` (also `postgresql://`, `mariadb://`). May hold a password.
    pub url: SecretString,
    /// Most connections that are open at one time.
    pub max_connections: usize,
    /// How long to wait for a connection.
    pub acquire_timeout: Duration,
    /// How long one statement may take. `SQLite` waits for another writer for five seconds at most in any case.
    pub statement_timeout: Duration,
}

impl StoreConfig {
    /// Connections unless said otherwise: enough for a few hundred people, few enough for a shared server.
    pub const MAX_CONNECTIONS: usize = 8;
    /// How long to wait for a connection unless said otherwise.
    pub const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
    /// How long a statement may take unless said otherwise: longer than `SQLite` waits for another writer.
    pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

    /// The database at this address, with the limits above.
    pub fn new(url: SecretString) -> Self {
        Self {
            url,
            max_connections: Self::MAX_CONNECTIONS,
            acquire_timeout: Self::ACQUIRE_TIMEOUT,
            statement_timeout: Self::STATEMENT_TIMEOUT,
        }
    }
}

/// Which kind of database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file on this host.
    Sqlite,
    /// A `PostgreSQL` server.
    Postgres,
    /// A `MySQL` or `MariaDB` server.
    Mysql,
}

impl Backend {
    /// The name for people and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        }
    }
}

/// How the database's tables compare with what this program needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaState {
    /// Equal.
    Current,
    /// Migrations are missing.
    Behind {
        /// Their names, oldest first.
        pending: Vec<String>,
    },
    /// A newer version of this program has migrated it.
    Newer {
        /// The versions that this program does not know.
        unknown: Vec<String>,
    },
}
