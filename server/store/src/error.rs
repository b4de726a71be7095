//! What can go wrong in storage, without the types of any database library.

use std::{error::Error, io, path::PathBuf, time::Duration};

use diesel::result::{DatabaseErrorKind, Error as DieselError};

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
    /// The `SQLite` file cannot be opened or made.
    #[error("the database file {} cannot be opened for writing", path.display())]
    File {
        /// The file.
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

/// What databases say when their disk is full, broken or read-only: `SQLite`, `PostgreSQL`, `MariaDB`.
const STORAGE: [&str; 7] = [
    "database or disk is full",
    "disk I/O error",
    "readonly database",
    "unable to open database file",
    "No space left on device",
    "' is full",
    "Disk full",
];
/// What databases say when they are busy, going down or gone, and the libraries have no kind of error for it.
const UNAVAILABLE: [&str; 7] = [
    "Connection to the server is closed",
    "database is locked",
    "the database system is",
    "terminating connection",
    "remaining connection slots",
    "Input/output error",
    "Server shutdown in progress",
];
/// What databases say when a deadline of theirs has passed.
const TIMEOUT: [&str; 4] =
    ["due to statement timeout", "due to lock timeout", "max_statement_time exceeded", "Lock wait timeout exceeded"];
/// What databases say when they ended one of two transactions that waited for one another: `PostgreSQL`, `MariaDB`.
const DEADLOCK: [&str; 2] = ["deadlock detected", "Deadlock found"];

/// Whether the transaction was ended for another one's sake, and would succeed if it were run again.
pub fn is_transient(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        DieselError::DatabaseError(_, info) => DEADLOCK.iter().any(|text| info.message().contains(text)),
        _ => false,
    }
}

/// Whether the database's disk is full, broken or read-only.
pub fn is_storage(error: &DieselError) -> bool {
    matches!(error, DieselError::DatabaseError(_, info) if STORAGE.iter().any(|text| info.message().contains(text)))
}

/// Sorts a database's error by what a caller can do about it.
pub fn query_failed(error: DieselError) -> StoreError {
    use DatabaseErrorKind::{ClosedConnection, ForeignKeyViolation, UnableToSendCommand, UniqueViolation};
    let DieselError::DatabaseError(kind, info) = &error else {
        return match error {
            DieselError::BrokenTransactionManager => StoreError::Unavailable(Box::new(error)),
            _ => StoreError::Query(Box::new(error)),
        };
    };
    let says = |texts: &[&str]| texts.iter().any(|text| info.message().contains(text));
    match kind {
        UniqueViolation => StoreError::Conflict(Box::new(error)),
        ForeignKeyViolation => StoreError::Missing(Box::new(error)),
        ClosedConnection | UnableToSendCommand => StoreError::Unavailable(Box::new(error)),
        _ if is_storage(&error) => StoreError::Storage(Box::new(error)),
        _ if says(&UNAVAILABLE) || says(&TIMEOUT) || says(&DEADLOCK) => StoreError::Unavailable(Box::new(error)),
        _ => StoreError::Query(Box::new(error)),
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        query_failed(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(message: &str) -> StoreError {
        query_failed(DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned())))
    }

    #[test]
    fn a_full_disk_is_told_apart_from_a_wrong_query() {
        for message in [
            "database or disk is full",
            "attempt to write a readonly database",
            "could not extend file \"base/5/16384\": No space left on device",
            "The table 'events' is full",
        ] {
            assert!(matches!(sorted(message), StoreError::Storage(_)), "{message}");
        }
        assert!(matches!(sorted("no such table: users"), StoreError::Query(_)));
        for message in ["database is locked", "Driver error: `Connection to the server is closed.'"] {
            assert!(matches!(sorted(message), StoreError::Unavailable(_)), "{message}");
        }
    }
}
