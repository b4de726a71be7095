//! One look at one agent: what is wanted, what is there, and one step from the one to the other.
//!
//! Level-triggered: everything is read anew, so it does not matter why it runs, how often, or after which of its steps
//! the server was killed the last time.

use std::time::Duration;

use domain::{Agent, AgentId, Desired, EventKind, LiveEvent, Observation, Observed, Phase, Reason, Subject};
use runtime::RuntimeError;
use store::{LaunchFacts, StoreError};

use super::{
    heard::is_end,
    restarts::{Ledger, MOST, Verdict, WINDOW},
    spec,
};
use crate::{Inner, entropy, error::Error, policy};

/// Entries of a timeline among which the last failure and the last start are looked for.
const RECENT_EVENTS: u32 = 20;

/// When to look at the agent again, if nothing wakes us before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// It is as it shall be, or cannot become so: at the next resync.
    Settled,
    /// It is on its way: soon, and ever later.
    Unsettled,
    /// After this time.
    After(Duration),
    /// Never: it is gone.
    Gone,
}

/// Why a look at an agent ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Halt {
    /// Somebody changed what is wanted meanwhile; the next look will see it.
    #[error("the agent has moved on")]
    MovedOn,
    /// This server's term as the reconciler has ended.
    #[error("another server reconciles now")]
    Deposed,
    /// The database.
    #[error("the database did not do its part")]
    Store(#[from] StoreError),
    /// A use case that this look needs.
    #[error("what the agent has or holds could not be dealt with")]
    Tasks(#[source] Box<Error>),
    /// The runtime.
    #[error("the runtime did not do its part")]
    Runtime(#[from] RuntimeError),
}

impl Inner {
    /// Looks at the agent and brings it a step closer to what it shall be. That it is up is as good as a look when the
    /// runtime has just said so; why a run of it ended is told even when the next one is on its way.
    pub(super) async fn reconcile(
        &self,
        restarts: &Ledger,
        id: AgentId,
        heard: Option<Observation>,
    ) -> Result<Next, Halt> {
        let Some(facts) = self.store.agent_launch_facts(id).await? else {
            restarts.forget(id);
            return Ok(Next::Gone);
        };
        let step = match facts.agent.desired {
            Desired::Running => self.bring_up(restarts, &facts, heard).await,
            Desired::Stopped => self.bring_down(restarts, &facts.agent).await,
            Desired::Deleted => self.take_away(restarts, &facts.agent).await,
        };
        match step {
            Err(Halt::MovedOn) => Ok(Next::Unsettled),
            other => other,
        }
    }

    async fn bring_up(&self, restarts: &Ledger, facts: &LaunchFacts, heard: Option<Observation>) -> Result<Next, Halt> {
        let agent = &facts.agent;
        // Only that it is up: everything else is worth another look before something is done about it.
        let (seen, end) = match heard {
            Some(seen) if seen.state == Observed::Running => (Ok(seen), None),
            heard => (self.look_at(agent.id).await, heard.filter(|seen| is_end(seen) && agent.phase.is_up())),
        };
        // A runtime that begins anew by itself has forgotten by now why it had to, and nobody is told twice.
        let is_seen =
            |end: &Observation| seen.as_ref().is_ok_and(|seen| (seen.state, seen.reason) == (end.state, end.reason));
        let was_up = agent.phase.is_up();
        let told = match end.filter(|end| !is_seen(end)) {
            Some(end) => Some(self.tell_end(restarts, agent, &end).await?),
            None => None,
        };
        let (agent, seen) = (told.as_ref().unwrap_or(agent), seen?);
        if let Some(refusal) = self.refusal(agent).await? {
            return self.keep_down(restarts, agent, &seen, &refusal).await;
        }
        match seen.state {
            Observed::Running => {
                self.record_seen(restarts.epoch(), agent, &seen).await?;
                self.refresh_phase(agent.id).await;
                self.keep_terminal_now_and_then(agent).await;
                Ok(Next::Settled)
            }
            Observed::Starting | Observed::Stopping => {
                self.record_seen(restarts.epoch(), agent, &seen).await.map(|_| Next::Unsettled)
            }
            Observed::Absent | Observed::Stopped | Observed::Failed => match agent.phase {
                _ if was_up => self.ended_by_itself(restarts, agent, &seen).await,
                Phase::Failed if !self.may_try_again(agent).await? => Ok(Next::Settled),
                _ => self.start_now(restarts, facts, &seen).await,
            },
        }
    }

    /// Starts an agent that is down, unless it must wait for that.
    async fn start_now(&self, restarts: &Ledger, facts: &LaunchFacts, seen: &Observation) -> Result<Next, Halt> {
        let agent = &facts.agent;
        if !restarts.is_in_office(self.clock.now()) {
            // The agent's token is made anew below, and another server may just have given it one.
            return Err(Halt::Deposed);
        }
        if let Some(wait) = restarts.still_to_wait(agent.id, agent.generation, self.clock.now()) {
            return Ok(Next::After(wait));
        }
        if seen.state == Observed::Failed {
            // A runtime stands by a failure until it is told that it is over.
            self.change_runtime(restarts, "clearing up after the agent", self.runtime.stop(agent.id)).await?;
        }
        let (token, credentials) = tokio::join!(self.agent_token(agent), self.credential_files(agent.user_id));
        let token = token?;
        let credentials = match credentials {
            Ok(files) => files,
            Err(error @ Error::Vault(_)) => {
                let why = error.public_message();
                return self
                    .tell(restarts, agent, Phase::Failed, Some(Reason::StartFailed), &why)
                    .await
                    .map(|_| Next::Settled);
            }
            Err(error) => return Err(Halt::Tasks(Box::new(error))),
        };
        let spec = spec::build(facts, &self.settings, token, credentials);
        match self.change_runtime(restarts, "starting the agent", self.runtime.ensure(&spec)).await {
            Ok(seen) => {
                self.record_seen(restarts.epoch(), agent, &seen).await?;
                let settled = matches!(seen.state, Observed::Running | Observed::Failed);
                Ok(if settled { Next::Settled } else { Next::Unsettled })
            }
            Err(Halt::Runtime(RuntimeError::Refused { reason, message })) => {
                self.tell(restarts, agent, Phase::Failed, Some(reason), &message).await.map(|_| Next::Settled)
            }
            Err(halt) => Err(halt),
        }
    }

    /// A run of the agent has ended, whatever became of it since.
    async fn tell_end(&self, restarts: &Ledger, agent: &Agent, end: &Observation) -> Result<Agent, Halt> {
        self.cut_leases(agent.id).await?;
        self.tell(restarts, agent, Phase::Failed, end.reason, &end.message).await
    }

    /// The agent was up and is not any more. Whether it is started again depends on why, and how often that happened.
    async fn ended_by_itself(&self, restarts: &Ledger, agent: &Agent, seen: &Observation) -> Result<Next, Halt> {
        self.cut_leases(agent.id).await?;
        let reason = seen.reason.unwrap_or(Reason::Exited);
        if seen.state == Observed::Failed && !matches!(reason, Reason::Exited | Reason::OutOfMemory) {
            return self.tell(restarts, agent, Phase::Failed, Some(reason), &seen.message).await.map(|_| Next::Settled);
        }
        let chance = entropy::seed(&*self.entropy);
        match restarts.ended(agent.id, agent.generation, self.clock.now(), chance) {
            Verdict::Again { number, wait } => {
                let what = match reason {
                    _ if seen.state == Observed::Absent => "Nothing of it was left, not even its workspace",
                    Reason::OutOfMemory => "It reached its memory limit and ended",
                    _ => "It ended by itself",
                };
                let message = format!("{what}; it is being started again ({number} of {MOST}).");
                self.tell(restarts, agent, Phase::Pending, Some(reason), &message).await?;
                Ok(Next::After(wait))
            }
            Verdict::Spent => {
                let what = if seen.message.is_empty() { "It ended by itself." } else { &seen.message };
                let minutes = WINDOW.as_secs() / 60;
                let message = format!("{what} That was {MOST} restarts within {minutes} minutes; no more are tried.");
                self.tell(restarts, agent, Phase::Failed, Some(reason), &message).await.map(|_| Next::Settled)
            }
        }
    }

    /// Whether an agent that failed may be started: its host may have been mended, or somebody asked for another try
    /// since. The timeline knows, and it was written together with the failure and the request.
    async fn may_try_again(&self, agent: &Agent) -> Result<bool, StoreError> {
        let lasting = !matches!(
            agent.reason,
            Some(
                Reason::MissingProgram
                    | Reason::Storage
                    | Reason::Unsandboxed
                    | Reason::RuntimeUnavailable
                    | Reason::Configuration
                    | Reason::Forbidden
                    | Reason::NameTaken
            )
        );
        if !lasting {
            return Ok(true);
        }
        let events = self.store.events(agent.user_id, Subject::Agent(agent.id), RECENT_EVENTS).await?;
        let last = events.into_iter().rev().find_map(|event| match event.kind {
            EventKind::AgentStartRequested => Some(true),
            EventKind::AgentPhaseChanged { to: Phase::Failed, .. } => Some(false),
            _ => None,
        });
        Ok(last.unwrap_or(false))
    }

    /// Why this agent may not run on this host, as a sentence; nothing when it may.
    async fn refusal(&self, agent: &Agent) -> Result<Option<String>, StoreError> {
        if policy::runs_for_everyone(&self.runtime_status, self.settings.allow_unsandboxed) {
            return Ok(None);
        }
        let Some(user) = self.store.user(agent.user_id).await? else { return Ok(None) };
        let allowed = policy::may_run_agents(&user, &self.runtime_status, self.settings.allow_unsandboxed);
        Ok(allowed.err().map(|refusal| refusal.public_message()))
    }

    async fn keep_down(
        &self,
        restarts: &Ledger,
        agent: &Agent,
        seen: &Observation,
        refusal: &str,
    ) -> Result<Next, Halt> {
        if !matches!(seen.state, Observed::Absent | Observed::Stopped) {
            self.change_runtime(restarts, "stopping the agent", self.runtime.stop(agent.id)).await?;
        }
        self.tell(restarts, agent, Phase::Failed, Some(Reason::Unsandboxed), refusal).await.map(|_| Next::Settled)
    }

    async fn bring_down(&self, restarts: &Ledger, agent: &Agent) -> Result<Next, Halt> {
        self.take_tasks(agent).await?;
        let seen = self.look_at(agent.id).await?;
        let agent = self.record_seen(restarts.epoch(), agent, &without_words(&seen)).await?;
        if matches!(seen.state, Observed::Absent | Observed::Stopped) {
            return Ok(Next::Settled);
        }
        self.keep_last_terminal(&agent, seen.state).await;
        self.change_runtime(restarts, "stopping the agent", self.runtime.stop(agent.id)).await?;
        let seen = self.look_at(agent.id).await?;
        let agent = self.record_seen(restarts.epoch(), &agent, &without_words(&seen)).await?;
        Ok(if agent.phase == Phase::Stopped { Next::Settled } else { Next::Unsettled })
    }

    async fn take_away(&self, restarts: &Ledger, agent: &Agent) -> Result<Next, Halt> {
        self.take_tasks(agent).await?;
        let seen = self.look_at(agent.id).await?;
        let agent = self.record_seen(restarts.epoch(), agent, &without_words(&seen)).await?;
        self.keep_last_terminal(&agent, seen.state).await;
        // Also when nothing was seen: something that does not show may be left.
        match self.change_runtime(restarts, "deleting the agent", self.runtime.remove(agent.id)).await {
            // It was just looked at, so the runtime is there: what is ending merely takes its time.
            Err(Halt::Runtime(RuntimeError::Timeout(_))) => return Ok(Next::Unsettled),
            removed => removed?,
        }
        if self.store.delete_agent(agent.id, restarts.epoch()).await? {
            self.live.publish(agent.user_id, LiveEvent::AgentRemoved { id: agent.id });
            // The last agent of an account that is being deleted takes the rest with it.
            self.erase_user(agent.user_id).await;
        }
        restarts.forget(agent.id);
        Ok(Next::Gone)
    }

    /// Who asked for the end of the agent did this already, unless the server was killed meanwhile.
    async fn take_tasks(&self, agent: &Agent) -> Result<(), Halt> {
        self.give_back_all(agent.id).await.map_err(|error| Halt::Tasks(Box::new(error)))
    }

    /// Writes what is to be said of the agent. How far it has come stays, unless it is about to begin anew.
    async fn tell(
        &self,
        restarts: &Ledger,
        agent: &Agent,
        phase: Phase,
        reason: Option<Reason>,
        message: &str,
    ) -> Result<Agent, Halt> {
        let step = agent.step.filter(|_| phase != Phase::Pending);
        self.record(restarts.epoch(), agent, phase, reason, message, step).await
    }

    /// Changes something in the runtime, which only the server in office may.
    async fn change_runtime<T>(
        &self,
        restarts: &Ledger,
        what: &'static str,
        call: impl Future<Output = Result<T, RuntimeError>>,
    ) -> Result<T, Halt> {
        if !restarts.is_in_office(self.clock.now()) {
            return Err(Halt::Deposed);
        }
        Ok(self.call_runtime(what, call).await?)
    }

    async fn look_at(&self, id: AgentId) -> Result<Observation, RuntimeError> {
        match self.call_runtime("looking at the agent", self.runtime.observe(id)).await {
            Err(RuntimeError::NotFound) => Ok(Observation::plain(id, Observed::Absent)),
            seen => seen,
        }
    }

    /// Says on the agent that the runtime does not answer. What was last seen of it stays.
    pub(super) async fn record_runtime_unavailable(&self, restarts: &Ledger, id: AgentId) -> Result<(), Halt> {
        let Some(agent) = self.store.agent_unscoped(id).await? else { return Ok(()) };
        // A failure has its own reason, which decides whether it is tried again.
        if agent.phase != Phase::Failed {
            let message = "The part that runs agents does not answer. AiWorker keeps trying.";
            self.tell(restarts, &agent, agent.phase, Some(Reason::RuntimeUnavailable), message).await?;
        }
        Ok(())
    }
}

/// How an agent fared does not matter any more when it shall not run.
fn without_words(seen: &Observation) -> Observation {
    Observation::plain(seen.agent_id, seen.state)
}
