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
            setsid: search("setsid"),
        }
    }

    /// The first program without which no agent can start, as a sentence that says what to do.
    pub fn missing(&self) -> Option<String> {
        let required = [
            ("ttyd", &self.ttyd),
            ("tmux", &self.tmux),
            ("git", &self.git),
            ("bash", &self.bash),
            ("setsid", &self.setsid),
        ];
        required
            .into_iter()
            .find(|(_, path)| path.is_none())
            .map(|(name, _)| format!("{name} is missing. {}", remedy(name)))
    }
}

/// One thing that agents on this host need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it is.
    pub outcome: Outcome,
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be; says what was found.
    Good(String),
    /// Agents run, but with less protection; says what is lost and how to mend it.
    Weaker(String),
    /// No agent can run; says how to mend it.
    Broken(String),
}

/// Looks at everything that agents on this host need. Starts nothing and changes nothing but a probe it cleans up.
pub fn preflight(config: &super::ProcessConfig) -> Vec<Check> {
    let programs = &config.programs;
    let required = [
        ("ttyd", &programs.ttyd),
        ("tmux", &programs.tmux),
        ("git", &programs.git),
        ("bash", &programs.bash),
        ("setsid", &programs.setsid),
    ];
    let mut checks: Vec<_> = required
        .into_iter()
        .map(|(name, path)| {
            let outcome = match path {
                Some(path) => Outcome::Good(path.display().to_string()),
                None => Outcome::Broken(remedy(name).to_owned()),
            };
            Check { name, outcome }
        })
        .collect();
    let sandbox = match &programs.bwrap {
        Some(path) => Outcome::Good(path.display().to_string()),
        None => Outcome::Weaker(remedy("bwrap").to_owned()),
    };
    checks.push(Check { name: "bubblewrap", outcome: sandbox });
    checks
}

fn remedy(name: &str) -> &'static str {
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
    env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .chain(system)
        .map(|folder| folder.join(name))
        .find(|p| is_program(p))
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
