//! Use cases of those who run this installation: orphans, and what becomes of them.

use std::sync::Arc;

use domain::{Agent, AgentId, AuditAction, Desired, Orphan, OrphanKind, Outcome};

use crate::{
    Inner,
    caller::Caller,
    error::{Error, Object},
    policy::{self, Action, Owner},
    to_the_end,
};

/// Use cases of those who run this installation.
#[derive(Clone)]
pub struct Installation(pub(crate) Arc<Inner>);

impl Installation {
    /// What the runtime has and the database does not know, and the other way round.
    pub async fn orphans(&self, caller: &Caller) -> Result<Vec<Orphan>, Error> {
        policy::authorize(caller, Action::ReadOrphans)?;
        self.0.take_stock().await
    }

    /// The same for the operator at the host, whom no session names.
    pub async fn orphans_for_operator(&self) -> Result<Vec<Orphan>, Error> {
        self.0.take_stock().await
    }

    /// Gives an orphan back to its owner, or makes it anew where the runtime has lost it.
    pub async fn repair_orphan(&self, caller: &Caller, id: AgentId) -> Result<(), Error> {
        policy::authorize(caller, Action::MendOrphans)?;
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        to_the_end(async move {
            match inner.orphan(id).await? {
                Side::Runtime(orphan) if orphan.can_repair => inner.adopt(&caller, id).await?,
                Side::Database(agent, orphan) if orphan.can_repair => {
                    inner.want(&caller, Owner::of(&agent), id, Desired::Running).await?;
                }
                Side::Runtime(_) => return Err(Error::InvalidTransition(NOBODY_TO_GIVE_IT_TO.to_owned())),
                Side::Database(..) => return Err(Error::InvalidTransition(GONE_FOR_GOOD.to_owned())),
            }
            inner.audit(&caller, AuditAction::RepairOrphan, Some(id.to_string()), Outcome::Ok).await;
            Ok(())
        })
        .await
    }

    /// Removes an orphan: what the runtime has of it, or its row.
    pub async fn remove_orphan(&self, caller: &Caller, id: AgentId) -> Result<(), Error> {
        policy::authorize(caller, Action::MendOrphans)?;
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        to_the_end(async move {
            match inner.orphan(id).await? {
                Side::Runtime(_) => inner.remove_ownerless(id).await?,
                Side::Database(agent, _) => {
                    inner.want(&caller, Owner::of(&agent), id, Desired::Deleted).await?;
                }
            }
            inner.audit(&caller, AuditAction::RemoveOrphan, Some(id.to_string()), Outcome::Ok).await;
            Ok(())
        })
        .await
    }

    /// How many orphans of this kind there were when this server last took stock.
    pub fn orphan_count(&self, kind: OrphanKind) -> usize {
        self.0.orphans.count(kind)
    }
}

const NOBODY_TO_GIVE_IT_TO: &str =
    "Its owner or its project is not in the database, so it can only be removed. Nothing was changed.";
const GONE_FOR_GOOD: &str =
    "Its workspace is gone, so there is nothing to repair. Remove it, or let its owner start it anew.";

/// The side that an orphan is on.
enum Side {
    Runtime(Orphan),
    Database(Box<Agent>, Orphan),
}

impl Inner {
    /// The orphan with this id, as it is now.
    async fn orphan(&self, id: AgentId) -> Result<Side, Error> {
        let not_found = || Error::NotFound(Object::Orphan);
        let orphan = self.take_stock().await?.into_iter().find(|orphan| orphan.agent_id == id).ok_or_else(not_found)?;
        match orphan.kind {
            OrphanKind::Ownerless => Ok(Side::Runtime(orphan)),
            OrphanKind::Missing => {
                let agent = self.store.agent_unscoped(id).await?.ok_or_else(not_found)?;
                Ok(Side::Database(Box::new(agent), orphan))
            }
        }
    }
}
