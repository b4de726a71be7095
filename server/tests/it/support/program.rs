//! The real `aiworker`, as a process.

use std::{
    fs::File,
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
pub struct Program(Command);

/// A server that runs as a process. It is killed when dropped.
pub struct Running {
    child: Child,
    pub address: String,
    _stdout: BufReader<ChildStdout>,
}

impl Running {
    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("the server runs")
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
        Self(command)
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    /// Writes standard error to a file.
    pub fn log_to(mut self, file: File) -> Self {
        self.0.stderr(file);
        self
    }

    /// Runs to the end.
    pub async fn output(mut self) -> Output {
        let ended = tokio::time::timeout(PATIENCE, self.0.output()).await;
        ended.expect("the program did not end in time").unwrap()
    }

    /// Runs to the end with something to read.
    pub async fn output_with_input(mut self, input: &str) -> Output {
        let mut child = self.0.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
        let ended = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
        ended.expect("the program did not end in time").unwrap()
    }

    /// Starts the server and waits until it says where it is.
    pub async fn start(mut self) -> Running {
        let mut child = self.0.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let read = tokio::time::timeout(PATIENCE, stdout.read_line(&mut line)).await;
        read.expect("the server did not begin in time").unwrap();
        let address = line.trim().rsplit("http://").next().unwrap().to_owned();
        assert!(line.contains("is ready at"), "{line:?}");
        Running { child, address, _stdout: stdout }
    }
}
