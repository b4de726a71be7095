//! The open database.

use std::time::Duration;

use secrecy::SecretString;

use crate::Result;

/// How to reach the database and how long it may take.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// `sqlite://path`, `postgres://…` or `mysql://…` (also `postgresql://`, `mariadb://`). May hold a password.
    pub url: SecretString,
    /// Most connections that are open at one time.
    pub max_connections: usize,
    /// How long to wait for a connection.
    pub acquire_timeout: Duration,
    /// How long one statement may take.
    pub statement_timeout: Duration,
}

impl StoreConfig {
    /// Eight connections, five seconds for a connection, ten seconds for a statement.
    pub fn new(url: SecretString) -> Self {
        Self {
            url,
            max_connections: 8,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
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
    /// Migrations are missing, oldest first.
    Behind {
        /// Their names.
        pending: Vec<String>,
    },
    /// A newer version of this program has migrated it.
    Newer {
        /// The versions that this program does not know.
        unknown: Vec<String>,
    },
}

/// The open database. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Store {}

impl Store {
    /// Opens the database and checks that it answers. A `SQLite` file and its folder are made when missing; nothing is
    /// migrated.
    pub async fn connect(config: &StoreConfig) -> Result<Self> {
        let _ = config;
        todo!()
    }

    /// Which kind of database it is.
    pub fn backend(&self) -> Backend {
        todo!()
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<()> {
        todo!()
    }

    /// Compares the database's tables with what this program needs. Changes nothing.
    pub async fn schema_state(&self) -> Result<SchemaState> {
        todo!()
    }

    /// Applies the missing migrations and returns their names. Safe to run in several processes at once.
    /// A database of a newer version is left alone: [`StoreError::Newer`](crate::StoreError::Newer).
    pub async fn migrate(&self) -> Result<Vec<String>> {
        todo!()
    }
}
