//! Terms: of several servers on one database, one reconciles. A term has a number that grows with every change of hands, and
//! an end; writes name the number, so that a server whose term is over changes nothing any more.

use domain::Timestamp;

use crate::{Result, Store, columns::millis, database_file::Alone};

/// What the one term that there is is about.
pub const RECONCILER: &str = "reconciler";

/// How asking for a term ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakeTerm {
    /// It is the caller's, under this number.
    Held(i64),
    /// It is another one's: its number and its end, by that one's clock.
    HeldByAnother(i64, i64),
}

impl Store {
    /// Begins the caller's term as the reconciler, or prolongs it. One that has not ended is taken from another holder only
    /// if `seize` says so; with `SQLite`, also when its server is seen to be dead.
    pub async fn take_term(
        &self,
        holder: &str,
        now: Timestamp,
        expires_at: Timestamp,
        seize: bool,
    ) -> Result<TakeTerm> {
        let alone = match self.presence.clone() {
            Some(presence) => tokio::task::spawn_blocking(move || presence.look()).await.unwrap_or(Alone::No),
            None => Alone::Unknown,
        };
        let seize = seize || alone == Alone::SinceNow;
        // While another one is known to be alive, the end of its term is no reason to take it.
        let wait = alone == Alone::No;
        let (me, now, until) = (holder.to_owned(), millis(now), millis(expires_at));
        Ok(match dispatch!(self, terms::take(RECONCILER, &me, now, until, seize, wait))? {
            Some((by, epoch, _)) if by == holder => TakeTerm::Held(epoch),
            Some((_, epoch, until)) => TakeTerm::HeldByAnother(epoch, until),
            // Somebody deleted the row: nobody can be told from anybody else.
            None => TakeTerm::HeldByAnother(0, 0),
        })
    }

    /// Ends the holder's term, so that another server need not wait.
    pub async fn release_term(&self, holder: &str) -> Result<()> {
        let holder = holder.to_owned();
        let released = dispatch!(self, terms::release(RECONCILER, &holder));
        if let Some(presence) = &self.presence {
            presence.leave();
        }
        released
    }

    /// Whether a server is in office, as far as the database knows: one that was killed counts until its term is over.
    pub async fn is_reconciled(&self, now: Timestamp) -> Result<bool> {
        let term = dispatch!(self, terms::find(RECONCILER))?;
        Ok(term.is_some_and(|(holder, _, until)| !holder.is_empty() && until > millis(now)))
    }

    /// A number that grows whenever any server changes an agent.
    pub async fn agent_changes(&self) -> Result<i64> {
        dispatch!(self, terms::changes())
    }
}
