//! Databases for tests: [`Database::new`] gives a fresh, empty one of any kind.
//!
//! `PostgreSQL` and `MariaDB` are started by the test process when it first needs them, once, as a user that is not
//! root, with their data in a temporary folder. They end with the test process, however it ends (see `server.rs`).
#![expect(clippy::expect_used, reason = "a test without its database fails, and says what is missing")]

mod account;
mod mariadb;
mod postgres;
mod server;

use std::{
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

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
    name: String,
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
                Self { kind, name, url, tcp_url: None, _folder: Some(folder) }
            }
            Kind::Postgres => {
                let server = postgres::server();
                server.create(&name);
                let (url, tcp_url) = (server.url(&name), Some(server.tcp_url(&name)));
                Self { kind, name, url, tcp_url, _folder: None }
            }
            Kind::Mariadb => {
                let server = mariadb::server();
                server.create(&name);
                let (url, tcp_url) = (server.url(&name), Some(server.tcp_url(&name)));
                Self { kind, name, url, tcp_url, _folder: None }
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

    /// All that is in it, as a backup has it; of a file, the bytes of it and of those beside it.
    ///
    /// # Panics
    /// When the programs that make backups are not installed or fail.
    pub fn dump(&self) -> Vec<u8> {
        match self.kind {
            Kind::Sqlite => {
                let file = Path::new(self.url.trim_start_matches("sqlite://"));
                let folder = file.parent().expect("a file is in a folder");
                let files = std::fs::read_dir(folder).expect("the folder is there").flatten().map(|entry| entry.path());
                let ours = files.filter(|path| path.display().to_string().starts_with(&file.display().to_string()));
                ours.flat_map(|path| std::fs::read(path).expect("a database can be read")).collect()
            }
            Kind::Postgres => postgres::server().dump(&self.name),
            Kind::Mariadb => mariadb::server().dump(&self.name),
        }
    }

    /// Its address over TCP; a file has none.
    pub fn tcp_url(&self) -> Option<&str> {
        self.tcp_url.as_deref()
    }
}

/// What a program prints that must succeed.
fn printed(mut command: Command) -> Vec<u8> {
    let output = command.output().expect("the program can be run");
    assert!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A `PostgreSQL` that a test has for itself, to take it away.
pub struct OwnServer {
    server: postgres::Postgres,
    url: String,
}

impl OwnServer {
    /// Starts one, with an empty database. Blocks the thread for some seconds.
    ///
    /// # Panics
    /// When its programs are not installed or do not start.
    pub fn postgres() -> Self {
        let server = postgres::another();
        server.create("test");
        let url = server.url("test");
        Self { server, url }
    }

    /// The address of its database, as in `DATABASE_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends it, at once and for good. Blocks the thread until it is gone.
    pub fn stop(self) {
        self.server.stop();
    }
}

impl std::fmt::Debug for OwnServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnServer").field("url", &self.url).finish_non_exhaustive()
    }
}
