//! Bringing an agent up, ending it and removing it. Each writes down what it is about to do before it does it.

use std::{
    fs, io,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use domain::{Observation, Observed, Reason, Step};
use rustix::{io::Errno, process::Signal};
use tokio::time::{Instant, sleep};

use super::{
    host::{Host, KILL_DEADLINE, Live, Slot},
    launch::{self, Plan},
    remove,
    state::{Ended, Intent, State},
};
use crate::{AgentSpec, MadeFor, RuntimeError};

/// How long an agent may take to end after being asked to, before it is killed.
pub const STOP_GRACE: Duration = Duration::from_secs(5);
/// How long the lock of an agent that just ended may take to be free.
const LOCK_DEADLINE: Duration = Duration::from_secs(5);
/// Pause between tries to take the lock: nothing tells when it is free.
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// Marks what the gate's holder is doing, until it is dropped.
struct Busy<'a>(&'a Slot);

impl<'a> Busy<'a> {
    fn with(slot: &'a Slot, what: Observed) -> Self {
        slot.set_busy(Some(what));
        Self(slot)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.set_busy(None);
    }
}

impl Host {
    /// Brings the agent up, or finds it up.
    pub async fn ensure(self: Arc<Self>, spec: AgentSpec) -> Result<Observation, RuntimeError> {
        if let Some(message) = self.config.programs.missing() {
            return Err(RuntimeError::Refused { reason: Reason::MissingProgram, message });
        }
        let slot = self.slot(spec.id);
        let _gate = slot.gate.lock().await;
        let _busy = Busy::with(&slot, Observed::Starting);
        if let Some(live) = self.find(&slot).await? {
            return Ok(self.look_at_live(&slot, &live).await);
        }
        if slot.paths.root.exists() {
            let dead = self.look_at_dead(&slot);
            let generation = State::read(&slot.paths.state).map_or(i64::MIN, |state| state.generation);
            if dead.state == Observed::Failed && generation >= spec.generation {
                return Ok(dead);
            }
        }
        match self.start(&slot, &spec).await {
            Err(RuntimeError::Refused { reason, message }) if reason == Reason::StartFailed => {
                let ended = Ended { reason, message: message.clone() };
                self.new_state(&spec, Some(ended)).write(&slot.paths.state).map_err(storage)?;
                let failed = Observation::plain(spec.id, Observed::Failed);
                let seen = Observation { reason: Some(reason), message, ..failed };
                self.remove_cgroup(spec.id).await;
                self.tell(seen.clone());
                Ok(seen)
            }
            Err(error) => Err(error),
            Ok(()) => {
                let starting = Observation::plain(spec.id, Observed::Starting);
                Ok(Observation { step: Some(Step::Started), ..starting })
            }
        }
    }

    async fn start(self: &Arc<Self>, slot: &Arc<Slot>, spec: &AgentSpec) -> Result<(), RuntimeError> {
        super::layout::private_folder(&slot.paths.root).map_err(storage)?;
        let lock = take_lock(slot).await?;
        // One that a killed server left counts what went wrong in an earlier life.
        self.remove_cgroup(spec.id).await;
        let plan = Plan { host: self.clone(), slot: slot.clone(), spec: spec.clone() };
        let joins = in_background({
            let plan = plan.clone();
            move || plan.prepare()
        });
        match plan.start(lock, &joins.await.map_err(storage)?).await {
            Ok(launched) => {
                self.enter(slot, launched.main, Some(launched.exit_code));
                Ok(())
            }
            Err(error) => {
                self.kill_rest(slot).await;
                Err(error)
            }
        }
    }

    /// What is written down about an agent before it is started.
    pub fn new_state(&self, spec: &AgentSpec, ended: Option<Ended>) -> State {
        State {
            generation: spec.generation,
            intent: Intent::Run,
            boot: self.boot.clone(),
            pid: None,
            start_time: None,
            memory_mib: spec.limits.memory_mib,
            ended,
            made_for: Some(MadeFor::of(spec)),
        }
    }

    /// Ends the agent and keeps its workspace.
    pub async fn stop(self: Arc<Self>, id: domain::AgentId) -> Result<(), RuntimeError> {
        let slot = self.slot(id);
        let _gate = slot.gate.lock().await;
        let _busy = Busy::with(&slot, Observed::Stopping);
        if !slot.paths.root.exists() {
            return Ok(());
        }
        self.end(&slot).await?;
        self.tell(Observation::plain(id, Observed::Stopped));
        Ok(())
    }

    /// Ends the agent and leaves nothing of it.
    pub async fn remove(self: Arc<Self>, id: domain::AgentId) -> Result<(), RuntimeError> {
        let slot = self.slot(id);
        let _gate = slot.gate.lock().await;
        let _busy = Busy::with(&slot, Observed::Stopping);
        if slot.paths.root.exists() {
            self.end(&slot).await?;
        } else {
            self.kill_rest(&slot).await;
        }
        self.remove_cgroup(id).await;
        let (from, to) = (slot.paths.root.clone(), self.layout.removed(id));
        let removed = in_background(move || {
            // One step from being there to being gone; what a killed server leaves half deleted is swept at start.
            match fs::rename(&from, &to) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) if to.exists() => {
                    tracing::debug!(%error, "an earlier removal was cut off");
                    remove::tree(&to)?;
                    fs::rename(&from, &to)?;
                }
                other => other?,
            }
            remove::tree(&to)
        });
        removed.await.map_err(RuntimeError::io("deleting the agent's folder"))?;
        self.forget(id);
        self.tell(Observation::plain(id, Observed::Absent));
        Ok(())
    }

    /// Ends everything of the agent that lives. The gate is held and the folder is there.
    async fn end(self: &Arc<Self>, slot: &Arc<Slot>) -> Result<(), RuntimeError> {
        let live = self.find(slot).await?;
        if let Some(state) = State::read(&slot.paths.state) {
            let state = State { intent: Intent::Stop, ended: None, ..state };
            state.write(&slot.paths.state).map_err(storage)?;
        }
        if let Some(live) = live {
            live.stopping.store(true, Ordering::Release);
            self.tell(Observation::plain(slot.id, Observed::Stopping));
            terminate(&live).await;
            self.settle(slot, &live, false).await;
        }
        self.kill_rest(slot).await;
        self.remove_cgroup(slot.id).await;
        if slot.paths.run.exists() {
            let run = slot.paths.run.clone();
            in_background(move || remove::contents(&run)).await.map_err(storage)?;
        }
        Ok(())
    }
}

/// Asks, waits, and kills.
async fn terminate(live: &Live) {
    live.main.signal(Signal::TERM);
    if !live.main.ended_within(STOP_GRACE).await {
        // The first process takes everything in its namespace with it.
        live.main.signal(Signal::KILL);
        live.main.ended_within(KILL_DEADLINE).await;
    }
    if let Some(monitor) = &live.monitor
        && !monitor.ended_within(KILL_DEADLINE).await
    {
        monitor.signal(Signal::KILL);
    }
}

async fn take_lock(slot: &Slot) -> Result<fs::File, RuntimeError> {
    let deadline = Instant::now() + LOCK_DEADLINE;
    loop {
        if let Some(lock) = launch::lock(&slot.paths.lock).map_err(storage)? {
            return Ok(lock);
        }
        if Instant::now() > deadline {
            return Err(RuntimeError::Timeout("waiting for the agent's earlier processes to end"));
        }
        sleep(LOCK_PAUSE).await;
    }
}

/// Runs file work off the asynchronous threads.
pub(super) async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other).flatten()
}

/// A disk that is full or cannot be written is worth its own reason; anything else may pass.
pub(super) fn storage(error: io::Error) -> RuntimeError {
    let full = [Errno::NOSPC, Errno::DQUOT, Errno::ROFS];
    if Errno::from_io_error(&error).is_some_and(|errno| full.contains(&errno)) {
        return RuntimeError::Refused {
            reason: Reason::Storage,
            message: format!("The data folder cannot be written: {error}. Make room on the server's disk."),
        };
    }
    RuntimeError::Unavailable { what: "writing to the data folder".to_owned(), source: error }
}
