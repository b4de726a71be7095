//! The programs that agents on this host are made of: where they are, and what to do when one is missing.

use std::{
    env,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Where the programs are; `None` for those that are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// ttyd, which serves an agent's terminal. `AIWORKER_TTYD` overrides the search.
    pub ttyd: Option<PathBuf>,
    /// tmux, which keeps an agent's screen.
    pub tmux: Option<PathBuf>,
    /// bubblewrap, which keeps agents apart. Without it they run without a sandbox.
    pub bwrap: Option<PathBuf>,
    /// git, which clones the repository and is what agents work with.
    pub git: Option<PathBuf>,
    /// bash, which runs the entrypoint.
    pub bash: Option<PathBuf>,
    /// aiworker itself, for what agents run of it: `autopilot` and `mcp-bridge`.
    pub aiworker: Option<PathBuf>,
    /// setsid (util-linux), which detaches agents from the server's terminal.
    pub setsid: Option<PathBuf>,
}

impl Programs {
    /// Looks along `PATH` and in the folders where system programs stand.
    pub fn find() -> Self {
        let own_choice = env::var_os("AIWORKER_TTYD").map(PathBuf::from).filter(|path| is_program(path));
        Self {
            ttyd: own_choice.or_else(|| search("ttyd")),
            tmux: search("tmux"),
            bwrap: search("bwrap"),
            git: search("git"),
            bash: search("bash"),
            aiworker: env::current_exe().ok(),
            setsid: search("setsid"),
        }
    }

    /// Every program that no agent can start without, by name.
    pub(super) fn required(&self) -> [(&'static str, Option<&Path>); 5] {
        [
            ("ttyd", self.ttyd.as_deref()),
            ("tmux", self.tmux.as_deref()),
            ("git", self.git.as_deref()),
            ("bash", self.bash.as_deref()),
            ("setsid", self.setsid.as_deref()),
        ]
    }

    /// The first program without which no agent can start, as a sentence that says what to do. Looks at the disk, for a
    /// program may be removed while the server runs.
    pub fn missing(&self) -> Option<String> {
        let (name, _) = self.required().into_iter().find(|(_, path)| !path.is_some_and(is_program))?;
        Some(format!("{name} is missing on the server's host. {}", remedy(name)))
    }
}

/// What to do when the program is missing.
pub(super) fn remedy(name: &str) -> &'static str {
    match name {
        "ttyd" => "Install ttyd (`make setup`, or your distribution's package), or name it in AIWORKER_TTYD.",
        "tmux" => "Install tmux, version 3.2 or newer (`apt-get install tmux`).",
        "git" => "Install git (`apt-get install git`).",
        "bash" => "Install bash (`apt-get install bash`).",
        "setsid" => "Install util-linux (`apt-get install util-linux`).",
        _ => "Agents run without a sandbox. Install bubblewrap (`apt-get install bubblewrap`).",
    }
}

fn search(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin"].map(PathBuf::from);
    let folders = env::split_paths(&path).filter(|folder| folder.is_absolute()).chain(system);
    folders.map(|folder| folder.join(name)).find(|path| is_program(path))
}

/// Whether it is a file that can be executed.
pub(super) fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
