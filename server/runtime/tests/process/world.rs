//! A data folder, a runtime in it, and ways to wait for what shall happen.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use domain::{AgentId, AgentLimits, Observation, Observed, ProjectId, UserId};
use futures::{StreamExt, stream::BoxStream};
use runtime::{
    AgentRuntime, AgentSpec, GitIdentity,
    process::{ProcessConfig, ProcessRuntime, Programs},
};
use tokio::time::{Instant, interval, timeout_at};
use uuid::Uuid;

use crate::viewer::Viewer;

/// How long anything may take on a busy machine.
pub const DEADLINE: Duration = Duration::from_mins(1);

pub struct World {
    pub data: PathBuf,
    pub runtime: ProcessRuntime,
    left: LeftOver,
    // Last, so that it outlives what runs in it.
    temporary: tempfile::TempDir,
}

/// Ends the agents that a failed test leaves.
struct LeftOver(PathBuf);

impl Drop for LeftOver {
    fn drop(&mut self) {
        let of_test =
            |pid: &u32| std::fs::read_link(format!("/proc/{pid}/fd/0")).is_ok_and(|lock| lock.starts_with(&self.0));
        for pid in all_processes().into_iter().filter(of_test) {
            let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
            let _ = pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::KILL));
        }
    }
}

pub fn config(data: &Path) -> ProcessConfig {
    let mut config = ProcessConfig::new(data);
    config.programs.ttyd = config.programs.ttyd.or_else(cached_ttyd);
    config.start_timeout = DEADLINE;
    assert_eq!(config.programs.missing(), None);
    config
}

fn cached_ttyd() -> Option<PathBuf> {
    let home = std::env::var_os("HOME")?;
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(|| Path::new(&home).join(".cache"), PathBuf::from);
    let tools = std::fs::read_dir(cache.join("aiworker/tools")).ok()?;
    let ttyds = tools.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("ttyd-"));
    ttyds.map(|entry| entry.path().join("bin/ttyd")).find(|path| path.exists())
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut ProcessConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut config = config(&data);
        change(&mut config);
        let data = config.data_dir.clone();
        let runtime = ProcessRuntime::new(config).await.unwrap();
        Self { left: LeftOver(data.join("agents")), data, runtime, temporary: folder }
    }

    /// Ends this runtime as if the server had ended, and starts the next one in the same folder.
    pub async fn restart(self) -> Self {
        self.restart_after(|| {}).await
    }

    /// Likewise, with something happening while there is no server.
    pub async fn restart_after(self, meanwhile: impl FnOnce()) -> Self {
        let Self { data, runtime, left, temporary } = self;
        drop(runtime);
        meanwhile();
        let runtime = ProcessRuntime::new(config(&data)).await.unwrap();
        Self { data, runtime, left, temporary }
    }

    /// Brings an agent up and waits until its terminal answers.
    pub async fn up(&self, spec: &AgentSpec) -> Observation {
        let mut events = self.runtime.events();
        let first = self.runtime.ensure(spec).await.unwrap();
        if first.state == Observed::Running { first } else { until(&mut events, spec.id, Observed::Running).await }
    }

    pub async fn state(&self, id: AgentId) -> Observed {
        self.runtime.observe(id).await.unwrap().state
    }

    pub fn folder(&self, id: AgentId) -> PathBuf {
        self.data.join("agents").join(id.to_string())
    }

    pub async fn view(&self, spec: &AgentSpec) -> Viewer {
        Viewer::open(&self.runtime, spec, 80, 24).await
    }

    /// Every process that belongs to the agent: it, or one above it, reads from its lock file.
    pub fn processes(&self, id: AgentId) -> Vec<u32> {
        processes_of(&self.folder(id))
    }
}

/// Every process that is alive or a zombie below one whose standard input is the agent's lock.
pub fn processes_of(agent: &Path) -> Vec<u32> {
    let lock = agent.join("lock");
    let is_root = |pid: u32| {
        std::fs::read_link(format!("/proc/{pid}/fd/0"))
            .is_ok_and(|path| path.to_string_lossy().starts_with(&*lock.to_string_lossy()))
    };
    let parents: BTreeMap<u32, u32> = all_processes().into_iter().filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let below = |pid: u32| std::iter::successors(Some(pid), |pid| parents.get(pid).copied()).any(is_root);
    parents.keys().copied().filter(|pid| below(*pid)).collect()
}

pub fn all_processes() -> Vec<u32> {
    std::fs::read_dir("/proc").unwrap().flatten().filter_map(|e| e.file_name().to_str()?.parse().ok()).collect()
}

pub fn parent(pid: u32) -> Option<u32> {
    stat(pid)?.get(1)?.parse().ok()
}

/// State, parent and so on of a process.
pub fn stat(pid: u32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(text.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

/// The command line of a process, with spaces.
pub fn command_line(pid: u32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

/// How many processes of the agent are the first of their namespace.
pub fn count_of_firsts(agent: &Path) -> usize {
    let is_first = |pid: &u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:")).unwrap_or_default();
        numbers.split_whitespace().skip(1).last() == Some("1")
    };
    processes_of(agent).iter().filter(|pid| is_first(pid)).count()
}

/// The agent's first process.
pub fn first_process(agent: &Path) -> u32 {
    let state: serde_json::Value = serde_json::from_slice(&std::fs::read(agent.join("state.json")).unwrap()).unwrap();
    u32::try_from(state["pid"].as_u64().unwrap()).unwrap()
}

pub fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

pub fn spec() -> AgentSpec {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    // Unlike any other test's, in this process or beside it.
    let number = u128::from(std::process::id()) << 64 | u128::from(NUMBER.fetch_add(1, Ordering::Relaxed));
    AgentSpec {
        id: AgentId::from_uuid(Uuid::from_u128(number)),
        user_id: UserId::from_uuid(Uuid::nil()),
        project_id: ProjectId::from_uuid(Uuid::nil()),
        name: "calm-otter".into(),
        generation: 1,
        git_identity: GitIdentity { name: "Ada".into(), email: "ada@example.org".into() },
        repository: None,
        start_command: String::new(),
        limits: AgentLimits::default(),
        terminal_password: "correct-horse".into(),
        mode: domain::AgentMode::Manual,
        token: Some("a-token".into()),
        credentials: Vec::new(),
        // Nobody answers there, and no program asks.
        env: BTreeMap::from([("MCP_ENDPOINT".into(), "http://127.0.0.1:1/mcp".into())]),
    }
}

/// The next event of the agent that says `state`.
pub async fn until(events: &mut BoxStream<'static, Observation>, id: AgentId, state: Observed) -> Observation {
    until_event(events, |o| o.agent_id == id && o.state == state).await
}

/// The next event that `fits`.
pub async fn until_event(
    events: &mut BoxStream<'static, Observation>,
    fits: impl Fn(&Observation) -> bool,
) -> Observation {
    let mut seen = Vec::new();
    let end = Instant::now() + DEADLINE;
    while let Ok(Some(event)) = timeout_at(end, events.next()).await {
        if fits(&event) {
            return event;
        }
        seen.push(event);
    }
    panic!("only these came: {seen:#?}");
}

/// Waits for something that tells nobody when it happens.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    let mut tick = interval(Duration::from_millis(10));
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        tick.tick().await;
    }
}

/// Programs without bubblewrap.
pub fn without_sandbox(config: &mut ProcessConfig) {
    config.programs = Programs { bwrap: None, ..config.programs.clone() };
}
