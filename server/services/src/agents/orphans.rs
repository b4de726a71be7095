//! What the runtime has and the database does not know, and agents of the database that the runtime has lost: left over
//! from a crash, from somebody's own hands, or from a database that was replaced.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use domain::{
    Agent, AgentId, Desired, EventKind, Observation, Orphan, OrphanKind, Phase, Subject, Timestamp, User, UserId,
    agent_name,
};
use runtime::{MadeFor, Owned};
use store::{InsertAgent, NewAgent};

use super::TIMELINE_SHOWN;
use crate::{
    Inner,
    caller::Caller,
    clock::{elapsed, later},
    entropy,
    error::{Error, Object},
    policy::Owner,
};

/// Orphans and when they were first seen.
#[derive(Debug, Default)]
pub(crate) struct Orphans(Mutex<HashMap<(OrphanKind, AgentId), Timestamp>>);

impl Orphans {
    /// Takes note of what is alone now, and forgets what is not any more. Says since when each is, and which are new.
    fn note(
        &self,
        found: &HashSet<(OrphanKind, AgentId)>,
        now: Timestamp,
    ) -> HashMap<(OrphanKind, AgentId), Timestamp> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|orphan, _| found.contains(orphan));
        for orphan in found {
            seen.entry(*orphan).or_insert(now);
        }
        seen.clone()
    }

    /// How many there were when this server last took stock.
    pub(crate) fn count(&self, kind: OrphanKind) -> usize {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.keys().filter(|(of, _)| *of == kind).count()
    }
}

/// Both sides, read one after the other.
struct Stock {
    ownerless: Vec<Owned>,
    missing: Vec<Agent>,
    /// Agents that were found up.
    up: Vec<Observation>,
}

impl Inner {
    /// Compares what the runtime has with what the database says.
    async fn compare(&self) -> Result<Stock, Error> {
        // An agent that was there before the runtime was asked and is not there afterwards is missing; one that was
        // launched or deleted meanwhile is in one of the two readings only.
        let before = self.store.all_agents().await?;
        let inventory = self.call_runtime("taking stock", self.runtime.inventory()).await?;
        let after: HashMap<_, _> = self.store.all_agents().await?.into_iter().map(|agent| (agent.id, agent)).collect();
        let there: HashSet<_> = inventory.iter().map(|owned| owned.agent_id).collect();
        let mut missing = Vec::new();
        for agent in before.into_iter().filter(|agent| !there.contains(&agent.id)) {
            if after.get(&agent.id) == Some(&agent) && self.was_there(&agent).await? {
                missing.push(agent);
            }
        }
        let up = inventory.iter().filter_map(|owned| owned.up.clone()).collect();
        let ownerless = inventory.into_iter().filter(|owned| !after.contains_key(&owned.agent_id)).collect();
        Ok(Stock { ownerless, missing, up })
    }

    /// Whether the runtime must have something of this agent.
    async fn was_there(&self, agent: &Agent) -> Result<bool, Error> {
        if agent.desired == Desired::Deleted {
            return Ok(false);
        }
        Ok(match agent.phase {
            Phase::Starting | Phase::Idle | Phase::Working | Phase::Waiting | Phase::Stopping => true,
            // It is about to be made.
            Phase::Pending => false,
            // It may have come to this without ever having been started.
            Phase::Stopped | Phase::Failed => {
                let events = self.store.events(agent.user_id, Subject::Agent(agent.id), TIMELINE_SHOWN).await?;
                let came_up = |to: Phase| to == Phase::Starting || to.has_terminal();
                let mut kinds = events.into_iter().map(|event| event.kind);
                kinds.any(|kind| matches!(kind, EventKind::AgentPhaseChanged { to, .. } if came_up(to)))
            }
        })
    }

    /// Every orphan there is now, and since when this server knows of it.
    pub(crate) async fn take_stock(&self) -> Result<Vec<Orphan>, Error> {
        let stock = self.compare().await?;
        self.orphans_in(stock.ownerless, stock.missing).await
    }

    async fn orphans_in(&self, ownerless: Vec<Owned>, missing: Vec<Agent>) -> Result<Vec<Orphan>, Error> {
        let now = self.clock.now();
        let found = ownerless.iter().map(|owned| (OrphanKind::Ownerless, owned.agent_id));
        let found = found.chain(missing.iter().map(|agent| (OrphanKind::Missing, agent.id))).collect();
        let since = self.orphans.note(&found, now);
        let users = if found.is_empty() { Vec::new() } else { self.store.users().await? };
        let users: HashMap<UserId, User> = users.into_iter().map(|user| (user.id, user)).collect();
        // A database without a single account is new. What is there belongs to another one.
        let removes = self.store.user_count().await? > 0;
        let mut orphans = Vec::new();
        for owned in ownerless {
            let since = since.get(&(OrphanKind::Ownerless, owned.agent_id)).copied().unwrap_or(now);
            let removed_at = removes.then(|| later(since, self.settings.orphan_grace));
            orphans.push(self.ownerless(owned, &users, since, removed_at).await?);
        }
        for agent in missing {
            let since = since.get(&(OrphanKind::Missing, agent.id)).copied().unwrap_or(now);
            orphans.push(missing_orphan(agent, &users, since));
        }
        Ok(orphans)
    }

    async fn ownerless(
        &self,
        found: Owned,
        users: &HashMap<UserId, User>,
        since: Timestamp,
        removed_at: Option<Timestamp>,
    ) -> Result<Orphan, Error> {
        let Owned { agent_id, description, made_for, .. } = found;
        let owner = made_for.as_ref().and_then(|made_for| users.get(&made_for.user_id));
        let can_repair = match &made_for {
            Some(made_for) => self.store.project(made_for.user_id, made_for.project_id).await?.is_some(),
            None => false,
        };
        Ok(Orphan {
            agent_id,
            kind: OrphanKind::Ownerless,
            found: description,
            name: made_for.map(|made_for| made_for.name).filter(|name| !name.is_empty()),
            owner: owner.map(|user| user.username.clone()),
            since,
            removed_at,
            can_repair,
        })
    }

    /// Removes what the runtime has and nobody owns, after its grace time. `may` says whether this server still may. Gives the
    /// agents that were found up.
    pub(crate) async fn remove_orphans(&self, may: impl Fn() -> bool) -> Result<Vec<Observation>, Error> {
        let now = self.clock.now();
        let Stock { ownerless, missing, up } = self.compare().await?;
        for orphan in self.orphans_in(ownerless, missing).await? {
            let Orphan { agent_id: id, kind, found, since, removed_at, .. } = orphan;
            let is_new = elapsed(since, now).is_zero();
            match (kind, removed_at) {
                (OrphanKind::Missing, _) if is_new => {
                    tracing::warn!(agent.id = %id, "the runtime has nothing of an agent that was there");
                }
                (OrphanKind::Ownerless, Some(at)) if at <= now && may() => self.remove_ownerless(id).await?,
                (OrphanKind::Ownerless, _) if is_new => {
                    let grace_seconds = self.settings.orphan_grace.as_secs();
                    tracing::warn!(agent.id = %id, found, grace_seconds, "an agent without a row will be removed");
                }
                _ => {}
            }
        }
        Ok(up)
    }

    /// Removes what the runtime has of an agent without a row.
    pub(crate) async fn remove_ownerless(&self, id: AgentId) -> Result<(), Error> {
        if self.store.agent_unscoped(id).await?.is_none() {
            self.call_runtime("removing an orphan", self.runtime.remove(id)).await?;
            tracing::info!(agent.id = %id, "an agent without a row was removed");
        }
        Ok(())
    }

    /// Gives what the runtime has of an agent back to whom it was made for. It is stopped then: what runs in it has a token
    /// that is not known any more. Its workspace is kept, and its owner starts it again.
    pub(crate) async fn adopt(&self, caller: &Caller, id: AgentId) -> Result<(), Error> {
        let inventory = self.call_runtime("taking stock", self.runtime.inventory()).await?;
        let found = inventory.into_iter().find(|owned| owned.agent_id == id).and_then(|owned| owned.made_for);
        let MadeFor { user_id, project_id, name } = found.ok_or(Error::NotFound(Object::Orphan))?;
        let project = self.store.project(user_id, project_id).await?.ok_or(Error::NotFound(Object::Orphan))?;
        let taken: HashSet<_> = self.store.agents(user_id).await?.into_iter().map(|agent| agent.name).collect();
        let name = if name.is_empty() || taken.contains(&name) {
            agent_name::propose(entropy::seed(&*self.entropy), |name| taken.contains(name))
        } else {
            name
        };
        let agent = NewAgent {
            id,
            project_id,
            name,
            start_command: project.start_command,
            mode: domain::AgentMode::default(),
            limits: self.settings.agent_limits,
            created_at: self.clock.now(),
        };
        let event = self.agent_event(caller.actor(), id, EventKind::AgentAdopted);
        match self.store.insert_agent(user_id, &agent, u32::MAX, &event).await? {
            InsertAgent::Inserted(agent) => {
                self.want(caller, Owner::of(&agent), id, Desired::Stopped).await?;
                Ok(())
            }
            InsertAgent::NameTaken => Err(Error::VersionConflict),
            InsertAgent::LimitReached | InsertAgent::ProjectNotFound => Err(Error::NotFound(Object::Orphan)),
        }
    }
}

fn missing_orphan(agent: Agent, users: &HashMap<UserId, User>, since: Timestamp) -> Orphan {
    let found = format!("{}: {}", agent.desired.label(), agent.phase.label());
    Orphan {
        agent_id: agent.id,
        kind: OrphanKind::Missing,
        found,
        name: Some(agent.name),
        owner: users.get(&agent.user_id).map(|user| user.username.clone()),
        since,
        removed_at: None,
        // What was in the workspace of one that is stopped does not come back.
        can_repair: agent.desired == Desired::Running,
    }
}
