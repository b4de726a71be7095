//! Starts an agent's first process so that a server killed at any moment leaves either nothing or something the next
//! one finds.
//!
//! The lock file is locked first and becomes the agent's standard input: the lock lives exactly as long as the agent,
//! no second one can start, and who reads from that file is the agent. Its process number goes straight from
//! bubblewrap into the status file.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use domain::Reason;
use rustix::fs::{FlockOperation, flock};
use secrecy::ExposeSecret;
use tokio::{process::Command, task::JoinHandle, time::timeout};

use super::{
    handle::Process,
    host::{Host, Slot},
    layout, log,
    proc::FileId,
    remove, sandbox,
    state::Status,
    watch::Watch,
};
use crate::{AgentSpec, RuntimeError, SECRETS_FOLDER, TOKEN_FILE};

/// How long bubblewrap may take to make the namespaces.
const LAUNCH_DEADLINE: Duration = Duration::from_secs(10);
/// Arguments: status file, arguments file, files to join control groups by, `--`, the command.
/// Joining comes first, so that not a byte is used outside of the limits.
const LAUNCHER: &str = r#"
exec 3>>"$1" 4<"$2"
shift 2
while [ "$1" != -- ]; do
    echo $$ >"$1" || echo "AiWorker: $1 cannot be joined, so its limits do not hold."
    shift
done
shift
if [ -n "$AIWORKER_WITHOUT_SANDBOX" ]; then
    unset AIWORKER_WITHOUT_SANDBOX
    printf '{ "child-pid": %d }\n' $$ >&3
    exec 3>&- 4<&-
fi
exec "$@"
"#;

/// What to start.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub host: Arc<Host>,
    pub slot: Arc<Slot>,
    pub spec: AgentSpec,
}

/// An agent's first process, just started.
pub(super) struct Launched {
    pub main: Process,
    /// The code of the process that this server started; it reaps it, too.
    pub exit_code: JoinHandle<Option<i32>>,
}

/// Takes the agent's lock; `None` while something of it is alive.
pub(super) fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether something of the agent is alive.
pub(super) fn is_locked(path: &Path) -> io::Result<bool> {
    match File::open(path) {
        Ok(file) => Ok(flock(&file, FlockOperation::NonBlockingLockShared).is_err()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

impl Plan {
    /// Clears away what an earlier life left, lays out the new one and writes down that it is wanted. Returns the files to
    /// join the agent's control groups by. Blocks.
    pub fn prepare(&self) -> io::Result<Vec<PathBuf>> {
        let paths = &self.slot.paths;
        let config = &self.host.config;
        paths.prepare()?;
        remove::contents(&paths.run)?;
        for old in [&paths.status, &paths.answered] {
            match fs::remove_file(old) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let password = self.spec.terminal_password.expose_secret();
        layout::write_private(&paths.run.join("terminal-password"), password.as_bytes())?;
        let secrets = paths.run.join(SECRETS_FOLDER);
        layout::private_folder(&secrets)?;
        let token = self.spec.token.iter().map(|token| (TOKEN_FILE, token));
        let credentials = self.spec.credentials.iter().map(|(name, secret)| (name.as_str(), secret));
        for (name, secret) in token.chain(credentials) {
            layout::write_private(&secrets.join(name), secret.expose_secret().as_bytes())?;
        }
        let arguments = match config.programs.bwrap {
            Some(_) => sandbox::arguments(&self.spec, &self.host.layout, paths, &config.programs, &config.read_only),
            None => Vec::new(),
        };
        layout::write_private(&paths.arguments, &separated(&arguments))?;
        layout::write_private(&paths.status, b"")?;
        let joins = self.host.cgroups.create(self.slot.id, self.spec.limits)?;
        self.host.new_state(&self.spec, None).write(&paths.state)?;
        Ok(joins)
    }

    /// Starts it, and returns as soon as its first process has a number.
    pub async fn start(&self, lock: File, joins: &[PathBuf]) -> Result<Launched, RuntimeError> {
        let paths = &self.slot.paths;
        let failed = |what: &'static str| RuntimeError::io(what);
        let lock_id = FileId::of(&lock.metadata().map_err(failed("reading the agent's lock"))?);
        let log = log::open(&paths.log).map_err(failed("opening the agent's log"))?;
        let written = Watch::content(&paths.status).map_err(failed("watching the agent's status"))?;
        let mut child = self
            .command(lock, log, joins)
            .map_err(failed("preparing the agent's start"))?
            .spawn()
            .map_err(failed("starting the agent"))?;
        let mut exit_code = tokio::spawn(async move { child.wait().await.ok().and_then(|status| status.code()) });
        let numbered = async {
            loop {
                if let Some(pid) = Status::read(&paths.status).pid
                    && let Some(process) = Process::open(pid)?
                    && super::proc::has_stdin(pid, lock_id)
                {
                    return io::Result::Ok(Some(process));
                }
                tokio::select! {
                    changed = written.changed() => changed?,
                    _ = &mut exit_code => return Ok(None),
                }
            }
        };
        let main = timeout(LAUNCH_DEADLINE, numbered).await.map_err(|_| RuntimeError::Timeout("starting the agent"))?;
        // The environment in it is no longer needed on the disk.
        let _ = fs::remove_file(&paths.arguments);
        match main.map_err(failed("starting the agent"))? {
            Some(main) => Ok(Launched { main, exit_code }),
            None => Err(self.refused()),
        }
    }

    fn refused(&self) -> RuntimeError {
        let last = log::last_line(&self.slot.paths.log).unwrap_or_else(|| "nothing was printed".to_owned());
        RuntimeError::Refused {
            reason: Reason::StartFailed,
            message: format!("The agent could not be started: {last}. Run `aiworker doctor` on the server's host."),
        }
    }

    fn command(&self, lock: File, log: File, joins: &[PathBuf]) -> io::Result<Command> {
        let paths = &self.slot.paths;
        let programs = &self.host.config.programs;
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        let mut command = Command::new(programs.setsid.as_ref().ok_or_else(missing)?);
        command.args(["sh", "-c", LAUNCHER, "aiworker-agent"]);
        command.args([&paths.status, &paths.arguments]).args(joins).arg("--");
        command.env_clear();
        if let Some(bwrap) = &programs.bwrap {
            command.arg(bwrap).args(["--json-status-fd", "3", "--args", "4", "--"]).arg(sandbox::entrypoint());
            command.env("PATH", "/usr/bin:/bin").current_dir("/");
        } else {
            command
                .arg(programs.bash.as_ref().ok_or_else(missing)?)
                .arg(self.host.layout.support.join("entrypoint.sh"));
            command.envs(sandbox::environment_outside(&self.spec, paths, programs));
            command.env("AIWORKER_WITHOUT_SANDBOX", "1").current_dir(&paths.workspace);
        }
        command.stdin(Stdio::from(lock)).stdout(Stdio::from(log.try_clone()?)).stderr(Stdio::from(log));
        Ok(command)
    }
}

/// The form that bubblewrap reads arguments in: each ends with a zero byte.
fn separated(arguments: &[OsString]) -> Vec<u8> {
    arguments.iter().map(OsString::as_os_str).flat_map(|one: &OsStr| [one.as_encoded_bytes(), b"\0"].concat()).collect()
}
