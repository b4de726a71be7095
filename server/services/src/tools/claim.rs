//! `get_next_task`: taking a task, or waiting for one.

use std::{sync::Arc, time::Duration};

use domain::{
    AgentId, EventId, LiveEvent, ProjectId, Task, UserId,
    lease::LEASE_TTL,
    tools::{GetNextTask, GetNextTaskOutput, NoTask, WAIT_MAX},
};
use store::{ClaimRequest, Claimant, Claimed};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::Instrument as _;

use super::{Waits, view};
use crate::{
    Inner, Worker,
    bells::Bell,
    clock::later,
    error::{Error, Object},
    turns::{Outcome, Turn},
};

/// When an agent without a task shall ask again, in seconds.
const ASK_AGAIN_AFTER: u32 = 15;
/// How much of a lease must be gone before a call makes it longer: most calls then only read.
const RENEW_AFTER: Duration = Duration::from_mins(1);

impl Inner {
    pub(super) async fn get_next_task(
        self: &Arc<Self>,
        worker: &Worker,
        input: GetNextTask,
    ) -> Result<GetNextTaskOutput, Error> {
        let project = self.project_for(worker, input.project_id.as_deref()).await?;
        let wait = seconds(input.wait_seconds, 0)?;
        let deadline = later(self.clock.now(), wait);
        let bell = self.bells.of(worker.user_id);
        let mut rings = bell.listen();
        self.outbox.wait_begins();
        let mut is_first = true;
        loop {
            let ring = *rings.borrow_and_update();
            match self.try_claim(&bell, worker, project, ring, is_first).await? {
                Ok((task, resumed)) => return self.found(worker, task, resumed).await,
                Err(why) if self.clock.now() >= deadline => return Ok(nothing(why)),
                Err(why) => {
                    is_first = false;
                    let _waits = Waits::new(self);
                    tokio::select! {
                        heard = rings.changed() => heard.map_err(Error::internal)?,
                        () = self.clock.sleep_until(deadline) => return Ok(nothing(why)),
                    }
                }
            }
        }
    }

    /// One try. Whoever waits takes what somebody else found out since the last ring for an answer.
    async fn try_claim(
        self: &Arc<Self>,
        bell: &Arc<Bell>,
        worker: &Worker,
        project: Option<ProjectId>,
        ring: u64,
        is_first: bool,
    ) -> Result<Outcome, Error> {
        let (answer, mut answered) = oneshot::channel();
        bell.turns.line_up(Turn { worker: worker.clone(), project, ring, is_first, answer });
        let permit = tokio::select! {
            biased;
            outcome = &mut answered => return outcome.map_err(Error::internal)?,
            permit = bell.turns.come_in() => permit?,
        };
        let (inner, bell) = (Arc::clone(self), Arc::clone(bell));
        // Those behind are served, too, so it goes on when this client goes away.
        tokio::spawn(async move { inner.serve_turns(&bell, permit).await }.in_current_span());
        answered.await.map_err(Error::internal)?
    }

    async fn serve_turns(&self, bell: &Bell, permit: OwnedSemaphorePermit) {
        let mut idle = Vec::new();
        loop {
            let turns = bell.turns.next();
            if turns.is_empty() {
                break;
            }
            let known =
                |turn: &Turn| bell.nothing_since(turn.ring).filter(|_| turn.project.is_none() && !turn.is_first);
            let (answered, turns): (Vec<_>, Vec<_>) = turns.into_iter().partition(|turn| known(turn).is_some());
            for turn in answered {
                let why = known(&turn).unwrap_or(NoTask::BacklogEmpty);
                tell(turn, Ok(Err(why)));
            }
            if !turns.is_empty() {
                idle.extend(self.serve(bell, turns).await);
            }
        }
        drop(permit);
        for agent in idle {
            self.refresh_phase(agent).await;
        }
    }

    /// Asks the database for all of them, and gives back those that got nothing.
    async fn serve(&self, bell: &Bell, turns: Vec<Turn>) -> Vec<AgentId> {
        let ring = turns.iter().map(|turn| turn.ring).max().unwrap_or_default();
        let outcomes = match self.claim(&turns).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                for turn in turns {
                    tell(turn, Err(again(&error)));
                }
                return Vec::new();
            }
        };
        let mut idle = Vec::new();
        for (turn, outcome) in turns.into_iter().zip(outcomes) {
            if let Ok(Err(why)) = &outcome {
                idle.push(turn.worker.agent_id);
                if turn.project.is_none() {
                    bell.note_nothing(ring, *why);
                }
            }
            tell(turn, outcome);
        }
        idle
    }

    /// One claim for all of them, who want the same.
    async fn claim(&self, turns: &[Turn]) -> Result<Vec<Result<Outcome, Error>>, Error> {
        let Some(Turn { worker: first, project, .. }) = turns.first() else { return Ok(Vec::new()) };
        let now = self.clock.now();
        let id = || EventId::from_uuid(self.ids.next().0);
        let claimant = |Turn { worker, .. }: &Turn| Claimant {
            agent_id: worker.agent_id,
            agent_name: worker.agent_name.clone(),
            actor: worker.actor(),
            event_id: id(),
            phase_event_id: id(),
        };
        let request = ClaimRequest {
            owner: first.user_id,
            project_id: *project,
            now,
            until: later(now, LEASE_TTL),
            agents: turns.iter().map(claimant).collect(),
        };
        let claimed = self.store.claim_tasks(&request).await?;
        Ok(claimed.into_iter().map(|claimed| self.outcome(first.user_id, claimed)).collect())
    }

    fn outcome(&self, owner: UserId, claimed: Claimed) -> Result<Outcome, Error> {
        Ok(match claimed {
            Claimed::Taken { task, agent } => {
                self.publish_task(owner, &task);
                if let Some(agent) = agent {
                    self.live.publish(owner, LiveEvent::Agent(agent));
                }
                Ok((*task, false))
            }
            Claimed::Resumed(task) => Ok((*task, true)),
            Claimed::BacklogEmpty => Err(NoTask::BacklogEmpty),
            Claimed::WaitingForOthers => Err(NoTask::WaitingForOthers),
            Claimed::WorkingLimit => Err(NoTask::WorkingLimit),
            Claimed::AgentDead => return Err(Error::Forbidden("This agent was stopped. Stop working.")),
        })
    }

    async fn found(&self, worker: &Worker, task: Task, resumed: bool) -> Result<GetNextTaskOutput, Error> {
        Ok(GetNextTaskOutput {
            lease: view::lease_of(worker, &task),
            questions: self.question_views(worker, &task).await?,
            task: Some(self.view(worker, &task).await?),
            resumed,
            reason: None,
            retry_after_s: None,
        })
    }

    /// The owner's project that an argument names.
    pub(super) async fn project_for(&self, worker: &Worker, id: Option<&str>) -> Result<Option<ProjectId>, Error> {
        let Some(id) = id else { return Ok(None) };
        let id: ProjectId = id.parse().map_err(|_| Error::NotFound(Object::Project))?;
        let project = self.store.project(worker.user_id, id).await?;
        project.map(|project| Some(project.id)).ok_or(Error::NotFound(Object::Project))
    }

    /// A call is a sign of life: it keeps what the agent holds.
    pub(super) async fn keep_leases(&self, worker: &Worker) -> Result<(), Error> {
        let now = self.clock.now();
        let (soon, until) = (later(now, LEASE_TTL.saturating_sub(RENEW_AFTER)), later(now, LEASE_TTL));
        Ok(self.store.renew_leases(worker.agent_id, now, soon, until).await?)
    }
}

/// Answers one who stood in line, unless it went away.
fn tell(turn: Turn, outcome: Result<Outcome, Error>) {
    let _ = turn.answer.send(outcome);
}

/// What one claim for all of them failed of, for each of them.
fn again(error: &Error) -> Error {
    match error {
        Error::Unavailable { message, source } => {
            let source = source.as_ref().map(|source| source.to_string().into());
            Error::Unavailable { message, source }
        }
        other => Error::internal(other.to_string()),
    }
}

fn nothing(why: NoTask) -> GetNextTaskOutput {
    GetNextTaskOutput {
        task: None,
        lease: None,
        resumed: false,
        questions: Vec::new(),
        reason: Some(why),
        retry_after_s: Some(ASK_AGAIN_AFTER),
    }
}

/// How long a call may wait.
pub(super) fn seconds(given: Option<u32>, default: u32) -> Result<Duration, Error> {
    match given.unwrap_or(default) {
        wait if wait <= WAIT_MAX => Ok(Duration::from_secs(wait.into())),
        _ => Err(Error::invalid("wait_seconds", format!("Choose between 0 and {WAIT_MAX} seconds."))),
    }
}
