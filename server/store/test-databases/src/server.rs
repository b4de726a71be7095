//! A database server that lives as long as the test process and leaves nothing behind.
//!
//! Rust runs no code when a test process ends, and none at all when it is killed. So the server's parent is a small
//! shell script that waits for the end of its standard input, a pipe whose other end only the test process holds. When
//! that is closed, for whatever reason, the script ends the server and removes its folder. It keeps the test process's
//! standard error open until then, so that whoever waits for the output of the tests waits for that too. Should the
//! script itself be killed, the kernel ends the server (`--pdeathsig`).

use std::{
    env,
    ffi::OsStr,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use tempfile::TempDir;

use crate::account::Account;

/// Arguments: the signal that ends the server at once, its folder, and its command.
const WATCHDOG: &str = r#"
trap '' INT TERM HUP
signal=$1 folder=$2; shift 2
"$@" </dev/null 2>&1 &
server=$!
cat >/dev/null
kill -s "$signal" "$server" 2>/dev/null
{ wait "$server"; } 2>/dev/null
rm -rf "$folder"
"#;
/// How long a server may take until it accepts connections. Continuous integration can be slow.
const START_DEADLINE: Duration = Duration::from_mins(1);

/// How often a start is tried: its port may be taken by then, and a machine at its limits kills programs.
const TRIES: u32 = 3;

/// Tries `start` until it succeeds.
///
/// # Panics
/// When it never does, with what went wrong last.
pub fn start_persistently<T>(start: impl Fn() -> Result<T, String>) -> T {
    let mut outcome = start();
    for _ in 1..TRIES {
        outcome = outcome.or_else(|_| start());
    }
    outcome.unwrap_or_else(|why| panic!("{why}"))
}

/// Where and how to run a server.
pub struct Setup {
    folder: TempDir,
    port: u16,
    account: Option<Account>,
}

/// A server that runs. Dropping it ends it.
pub struct Server {
    /// Its folder, with its socket.
    pub folder: PathBuf,
    /// Its port on 127.0.0.1.
    pub port: u16,
    /// Waits for the end of its standard input, which is held here.
    watchdog: Child,
}

impl Server {
    /// Ends it now, and waits until it is gone.
    pub fn stop(mut self) {
        drop(self.watchdog.stdin.take());
        self.watchdog.wait().expect("the shell that ends it can be waited for");
    }
}

impl Setup {
    /// A new folder that belongs to `account`, and a port that was free a moment ago.
    pub fn new(prefix: &str, account: Option<Account>) -> Self {
        // In /tmp whatever TMPDIR says: the path of a Unix socket has at most 107 bytes.
        let folder =
            tempfile::Builder::new().prefix(prefix).tempdir_in("/tmp").expect("a temporary folder can be made");
        if let Some(Account { uid, gid }) = account {
            chown(folder.path(), Some(uid), Some(gid)).expect("root can give folders away");
        }
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
        let port = listener.local_addr().expect("a listener has an address").port();
        Self { folder, port, account }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs a program of the database to its end.
    pub fn run(&self, program: &Path, arguments: &[&str]) -> Result<(), String> {
        let mut command =
            self.account.map_or_else(|| Command::new(program), |account| as_account(account, None, program));
        let output = command.args(arguments).current_dir(self.folder()).env("LC_ALL", "C.UTF-8").output();
        let output = output.map_err(|error| format!("{} cannot be run: {error}", program.display()))?;
        let said = [output.stdout, output.stderr].concat();
        if output.status.success() {
            Ok(())
        } else {
            Err(format!("{} failed ({}):\n{}", program.display(), output.status, String::from_utf8_lossy(&said)))
        }
    }

    /// Starts the server and waits until it says `ready`.
    pub fn start(
        self,
        program: &Path,
        arguments: &[&str],
        end_signal: &str,
        ready: &'static str,
    ) -> Result<Server, String> {
        let account = self.account.unwrap_or_else(Account::of_tests);
        let server = as_account(account, Some(end_signal), program);
        let mut watchdog = Command::new("sh")
            .args(["-c", WATCHDOG, "watchdog", end_signal])
            .arg(self.folder())
            .arg(server.get_program())
            .args(server.get_args())
            .args(arguments)
            .current_dir(self.folder())
            .env("LC_ALL", "C.UTF-8")
            // A signal to the group of the tests, as from Ctrl-C, must not reach it.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell can be started");
        // From here on the folder is the watchdog's to remove.
        let folder = self.folder.keep();
        let output = watchdog.stdout.take().expect("it was piped");
        let (says, said) = mpsc::channel();
        thread::spawn(move || {
            let mut log = String::new();
            let mut is_ready = false;
            // It reads on to the end, because a full pipe would stop the server.
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if !is_ready && line.contains(ready) {
                    is_ready = true;
                    let _ = says.send(Ok(()));
                } else if !is_ready {
                    log = log + &line + "\n";
                }
            }
            let _ = says.send(Err(log));
        });
        let why = match said.recv_timeout(START_DEADLINE) {
            Ok(Ok(())) => return Ok(Server { folder, port: self.port, watchdog }),
            Ok(Err(log)) => format!("{} ended at its start:\n{log}", program.display()),
            Err(_) => format!("{} does not accept connections", program.display()),
        };
        drop(watchdog.stdin.take());
        let _ = watchdog.wait();
        Err(why)
    }
}

/// A command that becomes `program` as another user, and gets `end_signal` when its parent dies.
fn as_account(Account { uid, gid }: Account, end_signal: Option<&str>, program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if Account::of_tests().uid == 0 {
        command.arg(format!("--reuid={uid}")).arg(format!("--regid={gid}")).arg("--clear-groups");
    }
    if let Some(signal) = end_signal {
        command.arg("--pdeathsig").arg(signal);
    }
    command.arg("--").arg(program);
    command
}

/// The program in one of the folders or in PATH.
pub fn find_program(name: &str, folders: &[PathBuf], package: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut places = folders.iter().cloned().chain(env::split_paths(OsStr::new(&path)));
    let found = places.find_map(|folder| Some(folder.join(name)).filter(|program| program.is_file()));
    found.unwrap_or_else(|| panic!("{name} is not installed; tests need the Debian package {package}"))
}
