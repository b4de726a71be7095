//! Queries on `events`.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use crate::{
    rows::event::EventRow,
    schema::{agents, events, projects, tasks},
};

/// Adds an entry within a transaction.
pub async fn add(c: &mut Conn, event: &EventRow) -> QueryResult<()> {
    diesel::insert_into(events::table).values(event).execute(c).await.map(drop)
}

pub async fn insert(c: &mut Conn, event: &EventRow) -> QueryResult<()> {
    write_tx!(c, async |c| -> QueryResult<_> { add(c, event).await }).await
}

/// The last entries about the owner's task, newest first.
pub async fn of_task(c: &mut Conn, owner: &str, task: &str, limit: i64) -> QueryResult<Vec<EventRow>> {
    let all = events::table.inner_join(tasks::table.inner_join(projects::table));
    let theirs = all.filter(events::task_id.eq(task)).filter(projects::user_id.eq(owner));
    theirs.select(EventRow::as_select()).order(events::id.desc()).limit(limit).load(c).await
}

/// The last entries about the owner's agent, newest first.
pub async fn of_agent(c: &mut Conn, owner: &str, agent: &str, limit: i64) -> QueryResult<Vec<EventRow>> {
    let all = events::table.inner_join(agents::table);
    let theirs = all.filter(events::agent_id.eq(agent)).filter(agents::user_id.eq(owner));
    theirs.select(EventRow::as_select()).order(events::id.desc()).limit(limit).load(c).await
}
