//! What can go wrong in storage, without the types of any database library.

use std::{error::Error, io, path::PathBuf, time::Duration};

/// A cause that is kept for the log.
type Cause = Box<dyn Error + Send + Sync>;

/// A storage operation did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database's address (`DATABASE_URL`) cannot be used. The text never contains the address itself.
    #[error("the database address cannot be used: {0}")]
    Address(String),
    /// The folder of the `SQLite` file cannot be made or written.
    #[error("the database folder {} cannot be used; choose a folder that this user can write", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Another row already has this unique value.
    #[error("another object already has this name")]
    Conflict(#[source] Cause),
    /// The row refers to one that does not exist (any more).
    #[error("the object refers to one that does not exist")]
    Missing(#[source] Cause),
    /// The database cannot be reached, or all connections stayed in use for the whole deadline.
    #[error("the database does not answer")]
    Unavailable(#[source] Cause),
    /// The database took longer than it may.
    #[error("the database took longer than {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The database's disk is full, broken or read-only.
    #[error("the database cannot be written; check that its disk has space and is not read-only")]
    Storage(#[source] Cause),
    /// A stored value is none that this version knows.
    #[error("the database holds a {what} that this version cannot read")]
    Corrupt {
        /// What was read.
        what: &'static str,
        /// Why it cannot be understood.
        #[source]
        source: Cause,
    },
    /// The database has been migrated by a newer version of this program.
    #[error(
        "the database was written by a newer version (unknown migrations: {}); run that version or restore a backup",
        unknown.join(", ")
    )]
    Newer {
        /// The migrations this program does not know.
        unknown: Vec<String>,
    },
    /// A migration failed.
    #[error("migration {name} failed")]
    Migration {
        /// The migration.
        name: String,
        /// What the database said.
        #[source]
        source: Cause,
    },
    /// The database refused a query: a fault of this program or of the database's configuration.
    #[error("the database refused a query")]
    Query(#[source] Cause),
}
