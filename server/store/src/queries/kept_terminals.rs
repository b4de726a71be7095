//! Queries on `kept_terminals`.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use crate::{
    rows::kept_terminal::{KeptTerminalFacts, KeptTerminalRow},
    schema::{agents, kept_terminals},
};

/// Stores what is on a terminal in place of what was.
pub async fn put(c: &mut Conn, row: &KeptTerminalRow) -> QueryResult<()> {
    write_tx!(c, async |c| -> QueryResult<_> {
        diesel::delete(kept_terminals::table.find(&row.agent_id)).execute(c).await?;
        diesel::insert_into(kept_terminals::table).values(row).execute(c).await.map(drop)
    })
    .await
}

pub async fn one(c: &mut Conn, user: &str, agent: &str) -> QueryResult<Option<KeptTerminalRow>> {
    let row = kept_terminals::table.find(agent).filter(kept_terminals::user_id.eq(user));
    row.select(KeptTerminalRow::as_select()).first(c).await.optional()
}

pub async fn captured_at(c: &mut Conn, agent: &str) -> QueryResult<Option<i64>> {
    kept_terminals::table.find(agent).select(kept_terminals::captured_at).first(c).await.optional()
}

pub async fn all_captured_at(c: &mut Conn) -> QueryResult<Vec<(String, i64)>> {
    kept_terminals::table.select((kept_terminals::agent_id, kept_terminals::captured_at)).load(c).await
}

/// Those whose agent is gone, newest first.
pub async fn of_gone_agents(c: &mut Conn, user: &str, limit: i64) -> QueryResult<Vec<KeptTerminalFacts>> {
    let with_agents = kept_terminals::table.left_join(agents::table.on(agents::id.eq(kept_terminals::agent_id)));
    let gone = with_agents.filter(kept_terminals::user_id.eq(user)).filter(agents::id.nullable().is_null());
    let newest = gone.order((kept_terminals::captured_at.desc(), kept_terminals::agent_id.desc())).limit(limit);
    newest.select(KeptTerminalFacts::as_select()).load(c).await
}

/// Most of the time there is nothing to forget, which is found out without writing.
pub async fn forget(c: &mut Conn, before: i64) -> QueryResult<()> {
    let old = kept_terminals::captured_at.lt(before);
    let any = kept_terminals::table.filter(old).select(kept_terminals::agent_id).first::<String>(c).await.optional()?;
    if any.is_none() {
        return Ok(());
    }
    write_tx!(c, async |c| -> QueryResult<_> {
        diesel::delete(kept_terminals::table.filter(old)).execute(c).await.map(drop)
    })
    .await
}
