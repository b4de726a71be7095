//! Queries on `terms`: which of the servers that share this database may do what only one of them may.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use crate::schema::{locks, terms};

/// The counter of changes of agents.
const AGENTS: &str = "agents";
/// Who, in which term, until when.
pub type TermRow = (String, i64, i64);

pub async fn find(c: &mut Conn, name: &str) -> QueryResult<Option<TermRow>> {
    let term = terms::table.find(name).select((terms::holder, terms::epoch, terms::expires_at));
    term.first(c).await.optional()
}

/// Begins a term of `holder`, or prolongs the one it has. When another one's has not ended, that one comes back, unless
/// `seize` says to take it anyway; with `wait`, also when it has ended.
pub async fn take(
    c: &mut Conn,
    name: &str,
    holder: &str,
    now: i64,
    expires_at: i64,
    seize: bool,
    wait: bool,
) -> QueryResult<Option<TermRow>> {
    // Who waits asks often, and reading costs no lock.
    let is_free = |(by, _, until): &TermRow| by == holder || seize || (!wait && *until <= now);
    if let Some(held) = find(c, name).await?.filter(|term| !is_free(term)) {
        return Ok(Some(held));
    }
    write_tx!(c, async |c| -> QueryResult<_> {
        diesel::update(terms::table.find(name)).set(terms::epoch.eq(terms::epoch)).execute(c).await?;
        let Some(held) = find(c, name).await? else { return Ok(None) };
        if !is_free(&held) {
            return Ok(Some(held));
        }
        let epoch = if held.0 == holder { held.1 } else { held.1 + 1 };
        let term = (terms::holder.eq(holder), terms::epoch.eq(epoch), terms::expires_at.eq(expires_at));
        diesel::update(terms::table.find(name)).set(term).execute(c).await?;
        Ok(Some((holder.to_owned(), epoch, expires_at)))
    })
    .await
}

/// Ends the term of `holder`, if it is still its.
pub async fn release(c: &mut Conn, name: &str, holder: &str) -> QueryResult<()> {
    write_tx!(c, async |c| -> QueryResult<_> {
        let own = terms::table.find(name).filter(terms::holder.eq(holder));
        // The epoch stays: the next term must have a greater one.
        let ended = (terms::holder.eq(""), terms::expires_at.eq(0));
        diesel::update(own).set(ended).execute(c).await.map(drop)
    })
    .await
}

/// Within a transaction: whether the term is still this one. It stays so until the transaction ends.
pub async fn is_current(c: &mut Conn, name: &str, epoch: i64) -> QueryResult<bool> {
    diesel::update(terms::table.find(name)).set(terms::epoch.eq(terms::epoch)).execute(c).await?;
    Ok(find(c, name).await?.is_some_and(|(_, current, _)| current == epoch))
}

/// Within a transaction, as its last step: agents have changed.
pub async fn note_change(c: &mut Conn) -> QueryResult<()> {
    diesel::update(locks::table.find(AGENTS)).set(locks::taken.eq(locks::taken + 1)).execute(c).await.map(drop)
}

/// Grows with every change of agents.
pub async fn changes(c: &mut Conn) -> QueryResult<i64> {
    locks::table.find(AGENTS).select(locks::taken).first(c).await.optional().map(Option::unwrap_or_default)
}
