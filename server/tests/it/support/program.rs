//! The real `aiworker`, as a process.

use std::{
    fs::File,
    io::{Read, Seek},
    net::SocketAddr,
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdout, Command},
};

/// How long the program may take to begin or to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// A command line of `aiworker` with an environment of its own.
pub struct Program {
    command: Command,
    log: File,
    has_admin: bool,
}

/// A server that runs as a process. It is killed when dropped.
pub struct Running {
    child: Child,
    pub address: String,
    admin: Option<SocketAddr>,
    _stdout: BufReader<ChildStdout>,
}

impl Running {
    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("the server runs")
    }

    /// Where its second listener is, which was asked for.
    pub fn admin(&self) -> SocketAddr {
        self.admin.expect("the second listener was asked for")
    }

    /// Kills it, as a crash does, and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

impl Program {
    pub fn new(data: &Path, arguments: &[&str]) -> Self {
        // Benchmarks measure a program that was built for speed.
        let program = std::env::var_os("AIWORKER_TEST_PROGRAM");
        let mut command = Command::new(program.unwrap_or_else(|| env!("CARGO_BIN_EXE_aiworker").into()));
        command.args(arguments).env_clear().env("AIWORKER_DATA", data).env("AIWORKER_ADDR", "127.0.0.1:0");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        Self { command, log: tempfile::tempfile().unwrap(), has_admin: false }
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Asks for the second listener, at any port.
    pub fn with_admin(mut self) -> Self {
        self.has_admin = true;
        self.env("AIWORKER_ADMIN_ADDR", "127.0.0.1:0")
    }

    /// Writes standard error to a file.
    pub fn log_to(mut self, file: File) -> Self {
        self.log = file;
        self
    }

    /// Runs to the end.
    pub async fn output(mut self) -> Output {
        let ended = tokio::time::timeout(PATIENCE, self.command.output()).await;
        ended.expect("the program did not end in time").unwrap()
    }

    /// Runs to the end with something to read.
    pub async fn output_with_input(mut self, input: &str) -> Output {
        let mut child = self.command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
        let ended = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
        ended.expect("the program did not end in time").unwrap()
    }

    /// Starts the server and waits until it says where it is.
    pub async fn start(mut self) -> Running {
        self.command.stderr(self.log.try_clone().unwrap());
        let mut child = self.command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut says = async |what: &str| {
            let mut line = String::new();
            let read = tokio::time::timeout(PATIENCE, stdout.read_line(&mut line)).await;
            assert!(
                line.contains(what),
                "the server did not say {what:?} but {line:?} ({read:?}); its log: {}",
                text(&mut self.log)
            );
            line.trim().rsplit("http://").next().unwrap().to_owned()
        };
        let address = says("is ready at").await;
        let admin = if self.has_admin { Some(says("metrics are at").await) } else { None };
        let admin = admin.map(|url| url.trim_end_matches("/metrics").parse().unwrap());
        Running { child, address, admin, _stdout: stdout }
    }
}

/// All that was written to a log.
fn text(log: &mut File) -> String {
    let mut text = String::new();
    log.rewind().unwrap();
    log.read_to_string(&mut text).unwrap();
    text
}
