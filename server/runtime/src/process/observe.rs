//! Looking at an agent: what there is of it, what is to be said about it, and why it is no longer alive.

use std::sync::{Arc, atomic::Ordering};

use domain::{AgentId, Observation, Observed, Reason, Step};

use super::{
    host::{Host, KILL_DEADLINE, Live, Slot, held},
    layout, log, socket,
    state::{Ended, Intent, State, Status},
};
use crate::RuntimeError;

impl Host {
    /// Looks at the agent, whatever state it is in.
    pub async fn look(self: &Arc<Self>, id: AgentId) -> Result<Observation, RuntimeError> {
        let slot = self.slot(id);
        if let Some(live) = slot.live().filter(|live| !live.main.is_over()) {
            return Ok(self.look_at_live(&slot, &live).await);
        }
        if let Some(busy) = slot.busy() {
            return Ok(Observation::plain(id, busy));
        }
        let _gate = slot.gate.lock().await;
        if !slot.paths.root.exists() {
            self.forget(id);
            return Ok(Observation::plain(id, Observed::Absent));
        }
        match self.find(&slot).await? {
            Some(live) => Ok(self.look_at_live(&slot, &live).await),
            None => Ok(self.look_at_dead(&slot)),
        }
    }

    /// Looks at an agent that lives.
    pub async fn look_at_live(&self, slot: &Slot, live: &Live) -> Observation {
        log::bound(&slot.paths.log);
        let plain = |state| Observation::plain(slot.id, state);
        if live.stopping.load(Ordering::Acquire) {
            return plain(Observed::Stopping);
        }
        if !socket::answers(&slot.paths.run).await {
            let again = live.answered.load(Ordering::Acquire);
            let message = if again { "Its terminal is being started again." } else { "" };
            let step = Some(Step::Started);
            return Observation { message: message.to_owned(), step, ..plain(Observed::Starting) };
        }
        if !live.answered.swap(true, Ordering::AcqRel)
            && let Err(error) = layout::write_private(&slot.paths.answered, b"")
        {
            tracing::warn!(agent = %slot.id, %error, "that the agent came up could not be written down");
        }
        let (reason, message) = self.remark(slot);
        Observation { reason, message, step: Some(Step::Ready), ..plain(Observed::Running) }
    }

    /// What is to be said about an agent that runs.
    fn remark(&self, slot: &Slot) -> (Option<Reason>, String) {
        if self.cgroups.out_of_memory_kills(slot.id) > 0 {
            let limit = State::read(&slot.paths.state).map_or(0, |state| state.memory_mib);
            let message = format!(
                "The kernel ended one of its programs because the agent reached its memory limit of {limit} MiB. Stop it and launch one with a higher limit if it needs more."
            );
            return (Some(Reason::OutOfMemory), message);
        }
        if let Some(line) = socket::note(&slot.paths.run, "clone-failed") {
            let message = format!(
                "The repository could not be cloned: {line}. The workspace is empty; mend the repository's address or access, then stop and start the agent."
            );
            return (Some(Reason::CloneFailed), message);
        }
        if socket::has_note(&slot.paths.run, "cloning") {
            return (None, "The repository is being cloned.".to_owned());
        }
        (None, String::new())
    }

    /// Says why an agent that has a folder does not live. The gate is held.
    pub fn look_at_dead(&self, slot: &Slot) -> Observation {
        let stopped = Observation::plain(slot.id, Observed::Stopped);
        let Some(state) = State::read(&slot.paths.state) else { return stopped };
        if state.intent == Intent::Stop || state.boot != self.boot {
            return stopped;
        }
        let status = Status::read(&slot.paths.status);
        let ended = match state.ended.clone() {
            Some(ended) => ended,
            // A server was killed before it came to the start itself: nothing was tried, so trying helps.
            None if status.pid.is_none() => return stopped,
            None => {
                let ended = self.post_mortem(slot, &state, status.exit_code, slot.paths.answered.exists());
                Self::write_ended(slot, state, &ended);
                ended
            }
        };
        failed(slot.id, ended)
    }

    /// Writes down why an agent is no longer alive, clears up after it and says so. The gate is held. `None` when
    /// that has been done, or when it was ended on purpose.
    pub async fn settle(self: &Arc<Self>, slot: &Arc<Slot>, live: &Arc<Live>, timed_out: bool) -> Option<Observation> {
        if !slot.live().is_some_and(|current| Arc::ptr_eq(&current, live)) {
            return None;
        }
        if let Some(monitor) = &live.monitor {
            monitor.ended_within(KILL_DEADLINE).await;
        }
        let own_code = held(&live.exit_code).take();
        let own_code = match own_code {
            Some(code) => tokio::time::timeout(KILL_DEADLINE, code).await.ok().and_then(Result::ok).flatten(),
            None => None,
        };
        self.kill_rest(slot).await;
        slot.set_live(None);
        let state = State::read(&slot.paths.state).filter(|state| state.intent == Intent::Run)?;
        let code = Status::read(&slot.paths.status).exit_code.or(own_code);
        let ended = if timed_out {
            let limit = self.config.start_timeout.as_secs();
            let last = log::last_line(&slot.paths.log).unwrap_or_default();
            Ended {
                reason: Reason::StartTimeout,
                message: format!(
                    "Its terminal did not answer within {limit} s and it was ended. The last line of its log: {last} Start it again; if the host is slow, raise --start-timeout-seconds."
                ),
            }
        } else {
            self.post_mortem(slot, &state, code, live.answered.load(Ordering::Acquire))
        };
        Self::write_ended(slot, state, &ended);
        self.remove_cgroup(slot.id).await;
        Some(failed(slot.id, ended))
    }

    fn post_mortem(&self, slot: &Slot, state: &State, code: Option<i32>, answered: bool) -> Ended {
        if self.cgroups.out_of_memory_kills(slot.id) > 0 {
            let message = format!(
                "It reached its memory limit of {} MiB and ended. Raise the limit or run less at once, then start it again.",
                state.memory_mib
            );
            return Ended { reason: Reason::OutOfMemory, message };
        }
        let code = code.map_or_else(String::new, |code| format!(" with code {code}"));
        if answered {
            let message = format!("It ended by itself{code}. Start it again; its workspace is kept.");
            return Ended { reason: Reason::Exited, message };
        }
        let last = log::last_line(&slot.paths.log).unwrap_or_else(|| "nothing was printed".to_owned());
        let message =
            format!("It ended{code} while it was starting: {last}. Run `aiworker doctor` on the server's host.");
        Ended { reason: Reason::StartFailed, message }
    }

    fn write_ended(slot: &Slot, state: State, ended: &Ended) {
        let state = State { pid: None, start_time: None, ended: Some(ended.clone()), ..state };
        if let Err(error) = state.write(&slot.paths.state) {
            tracing::warn!(agent = %slot.id, %error, "why the agent ended could not be written down");
        }
    }
}

fn failed(id: AgentId, ended: Ended) -> Observation {
    let failed = Observation::plain(id, Observed::Failed);
    Observation { reason: Some(ended.reason), message: ended.message, ..failed }
}
