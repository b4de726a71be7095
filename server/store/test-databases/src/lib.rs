//! Databases for tests: [`Database::new`] gives a fresh, empty one of any kind.
//!
//! `PostgreSQL` and `MariaDB` are started by the test process when it first needs them, once, as a user that is not
//! root, with their data in a temporary folder. They end with the test process, however it ends (see `server.rs`).
#![expect(clippy::expect_used, reason = "a test without its database fails, and says what is missing")]

mod account;
mod mariadb;
mod postgres;
mod server;

use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file in a folder of its own.
    Sqlite,
    /// `PostgreSQL`, reached over its Unix socket.
    Postgres,
    /// `MariaDB`, reached over its Unix socket.
    Mariadb,
}

/// A database that nobody else uses.
#[derive(Debug)]
pub struct Database {
    kind: Kind,
    url: String,
    tcp_url: Option<String>,
    /// Removed with the database.
    _folder: Option<TempDir>,
}

impl Database {
    /// A fresh, empty database. Blocks the thread: a few milliseconds, and some seconds for the first of its kind.
    ///
    /// # Panics
    /// When the database's programs are not installed or do not start.
    pub fn new(kind: Kind) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        match kind {
            Kind::Sqlite => {
                let folder = TempDir::with_prefix("aiworker-sqlite-").expect("a temporary folder can be made");
                let url = format!("sqlite://{}", folder.path().join("data/aiworker.db").display());
                Self { kind, url, tcp_url: None, _folder: Some(folder) }
            }
            Kind::Postgres => {
                let server = postgres::server();
                server.create(&name);
                Self { kind, url: server.url(&name), tcp_url: Some(server.tcp_url(&name)), _folder: None }
            }
            Kind::Mariadb => {
                let server = mariadb::server();
                server.create(&name);
                Self { kind, url: server.url(&name), tcp_url: Some(server.tcp_url(&name)), _folder: None }
            }
        }
    }

    /// Which kind it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its address, as in `DATABASE_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its address over TCP; a file has none.
    pub fn tcp_url(&self) -> Option<&str> {
        self.tcp_url.as_deref()
    }
}
