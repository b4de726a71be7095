//! The test process's own `PostgreSQL`.

use std::{fs, path::PathBuf, process::Command, sync::LazyLock};

use crate::{
    account,
    server::{Server, Setup, find_program, start_persistently},
};

/// A server of which tests get databases.
pub struct Postgres {
    server: Server,
    psql: PathBuf,
}

/// The server; the first call starts it.
pub fn server() -> &'static Postgres {
    static SERVER: LazyLock<Postgres> = LazyLock::new(|| start_persistently(start));
    &SERVER
}

/// A server of its own, for a test that takes it away.
pub fn another() -> Postgres {
    start_persistently(start)
}

fn start() -> Result<Postgres, String> {
    let folders = program_folders();
    let program = |name| find_program(name, &folders, "postgresql");
    let setup = Setup::new("aiworker-pg-", account::instead_of_root(&["postgres", "nobody"]));
    let folder = setup.folder().display().to_string();
    let data = format!("{folder}/data");
    setup.run(
        &program("initdb"),
        &["--pgdata", &data, "--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8"],
    )?;
    let port = setup.port().to_string();
    let arguments = ["-D", &data, "-k", &folder, "-h", "127.0.0.1", "-p", &port, "-N", "400", "-F"];
    // SIGQUIT ends it at once and removes its shared memory, which SIGKILL would leave behind.
    let server = setup.start(&program("postgres"), &arguments, "QUIT", "ready to accept connections")?;
    Ok(Postgres { server, psql: program("psql") })
}

/// Debian keeps the programs of every version in a folder of its own. The newest comes first.
fn program_folders() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    folders
}

impl Postgres {
    /// Ends it now.
    pub fn stop(self) {
        self.server.stop();
    }

    /// Makes an empty database.
    pub fn create(&self, name: &str) {
        let Server { folder, port, .. } = &self.server;
        let mut psql = Command::new(&self.psql);
        psql.args(["-X", "-q", "-U", "postgres", "-p", &port.to_string(), "-h"]).arg(folder);
        let output = psql.args(["-c", &format!("CREATE DATABASE {name}")]).output().expect("psql can be run");
        assert!(output.status.success(), "psql failed: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// A backup of a database.
    pub fn dump(&self, name: &str) -> Vec<u8> {
        let Server { folder, port, .. } = &self.server;
        let mut dump = Command::new(find_program("pg_dump", &program_folders(), "postgresql-client"));
        dump.args(["-U", "postgres", "-p", &port.to_string(), "-h"]).arg(folder).arg(name);
        crate::printed(dump)
    }

    /// A database's address over the Unix socket.
    pub fn url(&self, name: &str) -> String {
        let Server { folder, port, .. } = &self.server;
        format!("postgres:///{name}?host={}&port={port}&user=postgres", folder.display())
    }

    /// A database's address over TCP.
    pub fn tcp_url(&self, name: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.server.port)
    }
}
