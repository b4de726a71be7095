//! The test process's own `MariaDB`.

use std::{path::PathBuf, process::Command, sync::LazyLock};

use crate::{
    account,
    server::{Server, Setup, find_program, start_persistently},
};

/// A server of which tests get databases.
pub struct Mariadb {
    server: Server,
    client: PathBuf,
}

/// The server; the first call starts it.
pub fn server() -> &'static Mariadb {
    static SERVER: LazyLock<Mariadb> = LazyLock::new(|| start_persistently(start));
    &SERVER
}

fn start() -> Result<Mariadb, String> {
    let program = |name| find_program(name, &["/usr/sbin".into(), "/usr/bin".into()], "mariadb-server");
    let setup = Setup::new("aiworker-my-", account::instead_of_root(&["mysql", "nobody"]));
    let folder = setup.folder().display();
    let data = format!("--datadir={folder}/data");
    // Nobody misses this data: it need not reach the disk.
    let fast = ["--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--innodb-log-file-size=16M"];
    let install = ["--no-defaults", &data, "--auth-root-authentication-method=normal", "--skip-test-db", "--verbose"];
    setup.run(&program("mariadb-install-db"), &[&install[..], &fast].concat())?;
    let socket = format!("--socket={folder}/mysqld.sock");
    let port = format!("--port={}", setup.port());
    let serve = ["--no-defaults", &data, &socket, &port, "--bind-address=127.0.0.1", "--max-connections=400"];
    let arguments = [&serve[..], &["--skip-log-bin", "--skip-name-resolve"], &fast].concat();
    let server = setup.start(&program("mariadbd"), &arguments, "KILL", "ready for connections")?;
    Ok(Mariadb { server, client: program("mariadb") })
}

impl Mariadb {
    /// Makes an empty database.
    pub fn create(&self, name: &str) {
        let mut client = Command::new(&self.client);
        client.args(["--no-defaults", "--user=root"]).arg(format!("--socket={}", self.socket()));
        // Its own collation ignores case, as installations do: the tables must not rely on it.
        let statement = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci");
        let output = client.args(["--execute", &statement]).output().expect("the client can be run");
        assert!(output.status.success(), "mariadb failed: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// A backup of a database.
    pub fn dump(&self, name: &str) -> Vec<u8> {
        let mut dump = Command::new(find_program("mariadb-dump", &["/usr/bin".into()], "mariadb-client"));
        dump.args(["--no-defaults", "--user=root"]).arg(format!("--socket={}", self.socket())).arg(name);
        crate::printed(dump)
    }

    fn socket(&self) -> String {
        format!("{}/mysqld.sock", self.server.folder.display())
    }

    /// A database's address over the Unix socket.
    pub fn url(&self, name: &str) -> String {
        format!("mysql://root@localhost/{name}?socket={}", self.socket())
    }

    /// A database's address over TCP.
    pub fn tcp_url(&self, name: &str) -> String {
        format!("mariadb://root@127.0.0.1:{}/{name}?prefer_socket=false", self.server.port)
    }
}
