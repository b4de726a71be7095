//! However a test process ends, its database servers end with it and leave nothing behind.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are no tests to clippy")]

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use test_databases::{Database, Kind};

/// Says to [`a_test_process`] how it shall end.
const ENDING: &str = "TEST_DATABASES_ENDING";
/// Servers end within a second or two; machines can be slow.
const DEADLINE: Duration = Duration::from_mins(1);

/// Not a test, but the test process that the tests below watch: it starts every server, and ends as it is told.
#[test]
fn a_test_process() {
    let Ok(ending) = env::var(ENDING) else { return };
    let databases = [Kind::Postgres, Kind::Mariadb].map(Database::new);
    for database in &databases {
        // Around the test harness, which keeps what tests print.
        writeln!(std::io::stdout().lock(), "folder {}", folder_of(database.url())).unwrap();
    }
    match ending.as_str() {
        "success" => {}
        "failure" => panic!("as it was told"),
        _ => loop {
            thread::park();
        },
    }
}

/// The server's folder: it holds the socket that the address names.
fn folder_of(url: &str) -> String {
    let start = url.find("/tmp/aiworker-").unwrap();
    url[start..].split(['&', '?']).next().unwrap().trim_end_matches("/mysqld.sock").to_owned()
}

/// Starts the test process and waits until its servers run.
fn start(ending: &str) -> (Child, Vec<PathBuf>) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "a_test_process", "--nocapture"])
        .env(ENDING, ending)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let folders: Vec<PathBuf> =
        lines.filter_map(|line| line.split_once("folder ").map(|(_, folder)| folder.into())).take(2).collect();
    if folders.len() < 2 {
        let mut said = String::new();
        let _ = child.stderr.take().unwrap().read_to_string(&mut said);
        panic!("the servers did not start:\n{said}");
    }
    (child, folders)
}

/// Waits until nobody holds the test process's standard error, and looks for remains.
fn expect_nothing_left(mut child: Child, folders: &[PathBuf]) {
    let mut errors = child.stderr.take().unwrap();
    let (says, said) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let _ = errors.read_to_string(&mut text);
        let _ = says.send(text);
    });
    said.recv_timeout(DEADLINE).expect("a watchdog still runs");
    child.wait().unwrap();
    for folder in folders {
        assert!(!folder.exists(), "{} is left", folder.display());
        assert_eq!(processes_that_name(folder), []);
    }
}

/// Process ids and command lines that name the folder.
fn processes_that_name(folder: &Path) -> Vec<(String, String)> {
    let folder = folder.to_str().unwrap();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let command_lines = processes.filter_map(|process| {
        let bytes = fs::read(process.path().join("cmdline")).ok()?;
        Some((process.file_name().into_string().ok()?, String::from_utf8_lossy(&bytes).replace('\0', " ")))
    });
    command_lines.filter(|(_, text)| text.contains(folder)).collect()
}

#[test]
fn servers_end_after_success() {
    let (child, folders) = start("success");
    expect_nothing_left(child, &folders);
}

#[test]
fn servers_end_after_a_failed_test() {
    let (child, folders) = start("failure");
    expect_nothing_left(child, &folders);
}

#[test]
fn servers_end_when_the_test_process_is_killed() {
    let (mut child, folders) = start("never");
    assert!(folders.iter().all(|folder| !processes_that_name(folder).is_empty()), "there is nothing to end");
    child.kill().unwrap();
    expect_nothing_left(child, &folders);
}

#[test]
fn servers_end_when_their_watchdog_is_killed() {
    let (mut child, folders) = start("never");
    for folder in &folders {
        let processes = processes_that_name(folder);
        let (watchdog, _) = processes.iter().find(|(_, text)| text.starts_with("sh -c")).unwrap();
        assert!(Command::new("kill").args(["-KILL", watchdog]).status().unwrap().success());
    }
    let end = Instant::now() + DEADLINE;
    while folders.iter().any(|folder| !processes_that_name(folder).is_empty()) {
        assert!(Instant::now() < end, "a server outlives its watchdog");
        thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // This was the watchdogs' work.
    for folder in &folders {
        fs::remove_dir_all(folder).unwrap();
    }
}
