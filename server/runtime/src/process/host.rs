//! What all agents of this host share, and what this server holds of each: finding, adopting and ending what is left.

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
    time::Duration,
};

use domain::{AgentId, Observation, Observed};
use rustix::process::Signal;
use tokio::{
    sync::broadcast,
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep},
};

use super::{
    ProcessConfig,
    cgroup::Cgroups,
    handle::Process,
    launch,
    layout::{AgentPaths, Layout},
    proc, sandbox,
    state::{State, Status},
};
use crate::{MadeFor, RuntimeError};

/// How long a start that another server began may take to show its first process.
const ADOPTION_DEADLINE: Duration = Duration::from_secs(5);
/// Pause between looks while waiting for things that tell nobody.
const PAUSE: Duration = Duration::from_millis(10);
/// How long killed processes may take to be gone.
pub(super) const KILL_DEADLINE: Duration = Duration::from_secs(5);

/// Everything that is shared.
#[derive(Debug)]
pub(super) struct Host {
    pub config: ProcessConfig,
    pub layout: Layout,
    pub cgroups: Cgroups,
    pub boot: String,
    pub events: broadcast::Sender<Observation>,
    pub watchers: Mutex<JoinSet<()>>,
    slots: Mutex<HashMap<AgentId, Arc<Slot>>>,
}

/// What this server holds of one agent.
#[derive(Debug)]
pub(super) struct Slot {
    pub id: AgentId,
    pub paths: AgentPaths,
    /// Held by whoever changes the agent, across everything that takes.
    pub gate: tokio::sync::Mutex<()>,
    live: Mutex<Option<Arc<Live>>>,
    /// What the holder of the gate is doing.
    busy: Mutex<Option<Observed>>,
}

/// An agent that is alive.
#[derive(Debug)]
pub(super) struct Live {
    /// Its first process; everything ends with it.
    pub main: Process,
    /// Bubblewrap, which waits for the first process and writes down its exit code.
    pub monitor: Option<Process>,
    /// The code of the process that this server started.
    pub exit_code: Mutex<Option<JoinHandle<Option<i32>>>>,
    pub since: Instant,
    /// Whether its terminal has ever answered.
    pub answered: AtomicBool,
    /// Whether it is being ended on purpose.
    pub stopping: AtomicBool,
}

/// Locks that only guard a value: a panic elsewhere does not make the value wrong.
pub(super) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Slot {
    pub fn live(&self) -> Option<Arc<Live>> {
        held(&self.live).clone()
    }

    pub fn set_live(&self, live: Option<Arc<Live>>) {
        *held(&self.live) = live;
    }

    pub fn busy(&self) -> Option<Observed> {
        *held(&self.busy)
    }

    pub fn set_busy(&self, with: Option<Observed>) {
        *held(&self.busy) = with;
    }
}

impl Host {
    pub fn new(config: ProcessConfig, layout: Layout) -> Self {
        let cgroups = Cgroups::detect(&layout.installation());
        let (events, _) = broadcast::channel(1024);
        let boot = proc::boot_id();
        Self { config, layout, cgroups, boot, events, watchers: Mutex::default(), slots: Mutex::default() }
    }

    pub fn slot(&self, id: AgentId) -> Arc<Slot> {
        let make = || {
            let paths = self.layout.agent(id);
            Arc::new(Slot {
                id,
                paths,
                gate: tokio::sync::Mutex::default(),
                live: Mutex::default(),
                busy: Mutex::default(),
            })
        };
        held(&self.slots).entry(id).or_insert_with(make).clone()
    }

    pub fn forget(&self, id: AgentId) {
        held(&self.slots).remove(&id);
    }

    pub fn tell(&self, observation: Observation) {
        // Nobody listening is no error.
        let _ = self.events.send(observation);
    }

    /// Every agent that has something here: a folder, a process, a control group.
    pub fn owned(&self) -> io::Result<Vec<(AgentId, &'static str, Option<MadeFor>)>> {
        let mut found: Vec<_> = self.layout.ids()?.into_iter().map(|id| (id, "a folder")).collect();
        let agents = self.layout.agents();
        let of_lock = |path: PathBuf| path.strip_prefix(&agents).ok()?.parent()?.to_str()?.parse::<AgentId>().ok();
        let processes = proc::all().into_iter().filter_map(|pid| of_lock(proc::stdin_path(pid)?));
        found.extend(processes.map(|id| (id, "a process without a folder")));
        found.extend(self.cgroups.ids().into_iter().map(|id| (id, "a control group without a folder")));
        found.sort_by_key(|(id, _)| *id);
        found.dedup_by_key(|(id, _)| *id);
        let made_for = |id| State::read(&self.layout.agent(id).state).and_then(|state| state.made_for);
        Ok(found.into_iter().map(|(id, what)| (id, what, made_for(id))).collect())
    }

    /// Finds the agent alive, from this server's memory or from what an earlier one left. The gate is held.
    pub async fn find(self: &Arc<Self>, slot: &Arc<Slot>) -> Result<Option<Arc<Live>>, RuntimeError> {
        if let Some(live) = slot.live() {
            if !live.main.is_over() {
                return Ok(Some(live));
            }
            self.settle(slot, &live, false).await;
        }
        let deadline = Instant::now() + ADOPTION_DEADLINE;
        while launch::is_locked(&slot.paths.lock).map_err(RuntimeError::io("reading the agent's lock"))? {
            if let Some(main) = adoptable(&slot.paths).map_err(RuntimeError::io("finding the agent"))? {
                tracing::info!(agent = %slot.id, pid = main.pid, "an agent was adopted");
                return Ok(Some(self.enter(slot, main, None)));
            }
            if Instant::now() > deadline + KILL_DEADLINE {
                return Err(RuntimeError::Timeout("ending what is left of the agent"));
            }
            if Instant::now() > deadline {
                tracing::warn!(agent = %slot.id, "what is left of a start is ended");
                self.kill_rest(slot).await;
            }
            sleep(PAUSE).await;
        }
        Ok(None)
    }

    /// Notes that the agent lives, writes it down and watches over it.
    pub fn enter(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        main: Process,
        exit_code: Option<JoinHandle<Option<i32>>>,
    ) -> Arc<Live> {
        let monitor = proc::parent(main.pid)
            .filter(|parent| *parent != std::process::id())
            .filter(|parent| lock_id(&slot.paths).is_some_and(|lock| proc::has_stdin(*parent, lock)))
            .and_then(|parent| Process::open(parent).ok().flatten());
        if let Some(state) = State::read(&slot.paths.state) {
            let state = State { pid: Some(main.pid), start_time: Some(main.start_time), ..state };
            if let Err(error) = state.write(&slot.paths.state) {
                tracing::warn!(agent = %slot.id, %error, "the agent's state could not be written; it is found without it");
            }
        }
        let live = Arc::new(Live {
            main,
            monitor,
            exit_code: Mutex::new(exit_code),
            since: Instant::now(),
            // One that has been up is never given up, whatever its terminal does at this moment.
            answered: AtomicBool::new(slot.paths.answered.exists()),
            stopping: AtomicBool::new(false),
        });
        slot.set_live(Some(live.clone()));
        let mut watchers = held(&self.watchers);
        while watchers.try_join_next().is_some() {}
        watchers.spawn(super::watcher::watch(self.clone(), slot.clone(), live.clone()));
        live
    }

    /// Ends everything of the agent that is still there, except what the gate's holder has ended already.
    pub async fn kill_rest(self: &Arc<Self>, slot: &Arc<Slot>) {
        let deadline = Instant::now() + KILL_DEADLINE;
        while Instant::now() < deadline {
            let (host, of) = (self.clone(), slot.clone());
            let Ok(pids) = tokio::task::spawn_blocking(move || host.rest(&of)).await else { return };
            let rest: Vec<_> = pids.into_iter().filter_map(|pid| Process::open(pid).ok().flatten()).collect();
            if rest.is_empty() {
                return;
            }
            for process in &rest {
                process.signal(Signal::KILL);
            }
            for process in &rest {
                process.ended_within(PAUSE).await;
            }
        }
        tracing::warn!(agent = %slot.id, "some processes of the agent do not end");
    }

    fn rest(&self, slot: &Slot) -> Vec<u32> {
        let lock = lock_id(&slot.paths);
        let (name, value) = sandbox::mark(slot.id);
        let mark = format!("{name}={value}");
        let mut pids = self.cgroups.members(slot.id);
        pids.extend(proc::all().into_iter().filter(|pid| {
            let by_lock = match lock {
                Some(lock) => proc::has_stdin(*pid, lock),
                None => proc::stdin_path(*pid).is_some_and(|path| path == slot.paths.lock),
            };
            // Anybody can set a variable; only without a sandbox is it all there is.
            by_lock || (self.config.programs.bwrap.is_none() && proc::has_environment(*pid, &mark))
        }));
        pids.sort_unstable();
        pids.dedup();
        pids
    }

    /// Removes the agent's control groups, whose processes have all ended.
    pub async fn remove_cgroup(&self, id: AgentId) {
        let deadline = Instant::now() + KILL_DEADLINE;
        let why = loop {
            match self.cgroups.remove(id) {
                Ok(true) => return self.cgroups.remove_unused(),
                Ok(false) if Instant::now() < deadline => sleep(PAUSE).await,
                Ok(false) => break "it is busy".to_owned(),
                Err(error) => break error.to_string(),
            }
        };
        tracing::warn!(agent = %id, why, "the agent's control group could not be removed");
    }
}

fn lock_id(paths: &AgentPaths) -> Option<proc::FileId> {
    Some(proc::FileId::of(&paths.lock.metadata().ok()?))
}

/// The agent's first process, if the one that was written down is it.
fn adoptable(paths: &AgentPaths) -> io::Result<Option<Process>> {
    let Some(pid) = Status::read(&paths.status).pid else { return Ok(None) };
    let Some(process) = Process::open(pid)? else { return Ok(None) };
    let state = State::read(&paths.state);
    let recycled = state.is_some_and(|s| s.pid == Some(pid) && s.start_time != Some(process.start_time));
    let reads_lock = lock_id(paths).is_some_and(|lock| proc::has_stdin(pid, lock));
    Ok((reads_lock && !recycled).then_some(process))
}
