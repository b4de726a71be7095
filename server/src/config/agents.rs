//! Options: where agents run and how many.

use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum, builder::RangedI64ValueParser};
use domain::AgentLimits;
use runtime::process::ProcessConfig;

/// Where agents run and how many.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Agents")]
pub struct AgentOptions {
    /// Where agents run.
    #[arg(long, env = "AIWORKER_RUNTIME", global = true, value_name = "RUNTIME", default_value = "process")]
    pub runtime: RuntimeName,

    /// The address at which agents reach this server. [default: --public-url, else the address listened on]
    #[arg(long, env = "AIWORKER_BACKEND_URL", global = true, value_name = "URL")]
    pub backend_url: Option<String>,

    /// Most agents that one user may have.
    #[arg(long, env = "AIWORKER_AGENTS_PER_USER", global = true, value_name = "NUMBER", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub agents_per_user: u32,

    /// Memory that an agent may use unless its launch says otherwise, in MiB.
    #[arg(long, env = "AIWORKER_MEMORY_LIMIT_MIB", global = true, value_name = "MIB", default_value_t = AgentLimits::USUAL.memory_mib,
        value_parser = within(&domain::agent::MEMORY_MIB))]
    pub memory_limit_mib: u32,

    /// Processes and threads that an agent may have at one time unless its launch says otherwise. A cluster's nodes have a limit of
    /// their own.
    #[arg(long, env = "AIWORKER_PROCESS_LIMIT", global = true, value_name = "NUMBER", default_value_t = AgentLimits::USUAL.processes,
        value_parser = within(&domain::agent::PROCESSES))]
    pub process_limit: u32,

    /// How long what the runtime has and the database does not know is left alone before it is removed, in seconds.
    #[arg(long, env = "AIWORKER_ORPHAN_GRACE_SECONDS", global = true, value_name = "SECONDS", default_value_t = 300,
        value_parser = clap::value_parser!(u32).range(1..=31_536_000))]
    pub orphan_grace_seconds: u32,

    /// Let every user launch agents on a host without a sandbox. Their agents can read what the server can.
    #[arg(long, env = "AIWORKER_ALLOW_UNSANDBOXED", global = true)]
    pub allow_unsandboxed: bool,

    /// How long an agent's terminal may take to answer after its start, in seconds. In a cluster it counts from the start of
    /// the container: waiting for a node, a volume or an image is no part of it.
    #[arg(long, env = "AIWORKER_START_TIMEOUT_SECONDS", global = true, value_name = "SECONDS", default_value_t = 30,
        value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub start_timeout_seconds: u32,

    /// Further folders of this host that agents may read, separated by commas. [default: none]
    #[arg(long, env = "AIWORKER_AGENT_READ_ONLY", global = true, value_name = "FOLDERS", value_delimiter = ',')]
    pub agent_read_only: Vec<PathBuf>,

    /// The ttyd program. [default: found along PATH]
    #[arg(long, env = "AIWORKER_TTYD", global = true, value_name = "PROGRAM")]
    pub ttyd: Option<PathBuf>,

    /// The tmux program. [default: found along PATH]
    #[arg(long, env = "AIWORKER_TMUX", global = true, value_name = "PROGRAM")]
    pub tmux: Option<PathBuf>,

    /// The bubblewrap program. [default: bwrap along PATH]
    #[arg(long, env = "AIWORKER_BWRAP", global = true, value_name = "PROGRAM")]
    pub bwrap: Option<PathBuf>,

    /// The git program. [default: found along PATH]
    #[arg(long, env = "AIWORKER_GIT", global = true, value_name = "PROGRAM")]
    pub git: Option<PathBuf>,
}

/// Where agents run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RuntimeName {
    /// On this host, as sandboxed process trees.
    Process,
    /// In a cluster, as pods.
    Kubernetes,
}

fn within(range: &RangeInclusive<u32>) -> RangedI64ValueParser<u32> {
    RangedI64ValueParser::new().range(i64::from(*range.start())..=i64::from(*range.end()))
}

impl AgentOptions {
    /// What agents may use whose launch does not say otherwise.
    pub fn limits(&self) -> AgentLimits {
        AgentLimits { memory_mib: self.memory_limit_mib, processes: self.process_limit }
    }

    /// The address at which agents reach this server, without a slash at the end; `otherwise` if none was chosen.
    pub fn backend_url(&self, otherwise: impl FnOnce() -> String) -> String {
        match &self.backend_url {
            Some(url) if !url.is_empty() => url.trim_end_matches('/').to_owned(),
            _ => otherwise(),
        }
    }

    /// How long an agent's terminal may take to answer after its start.
    pub fn start_timeout(&self) -> Duration {
        Duration::from_secs(self.start_timeout_seconds.into())
    }

    /// What the process runtime needs to know.
    pub fn process(&self, data: PathBuf) -> ProcessConfig {
        let mut config = ProcessConfig::new(data);
        config.start_timeout = self.start_timeout();
        config.read_only = self.agent_read_only.iter().filter(|folder| folder.is_absolute()).cloned().collect();
        let programs = &mut config.programs;
        for (chosen, found) in [
            (&self.ttyd, &mut programs.ttyd),
            (&self.tmux, &mut programs.tmux),
            (&self.bwrap, &mut programs.bwrap),
            (&self.git, &mut programs.git),
        ] {
            // A chosen program that is not there counts as missing: the check says so, with its remedy.
            if let Some(path) = chosen.as_ref().filter(|path| !path.as_os_str().is_empty()) {
                *found = path.is_file().then(|| path.clone());
            }
        }
        config
    }
}
