//! Queries on `audit_events`.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use crate::{rows::event::AuditRow, schema::audit_events};

/// Adds an entry within a transaction.
pub async fn add(c: &mut Conn, event: &AuditRow) -> QueryResult<()> {
    diesel::insert_into(audit_events::table).values(event).execute(c).await.map(drop)
}

pub async fn insert(c: &mut Conn, event: &AuditRow) -> QueryResult<()> {
    write_tx!(c, async |c| -> QueryResult<_> { add(c, event).await }).await
}

/// The last entries, newest first.
pub async fn last(c: &mut Conn, limit: i64) -> QueryResult<Vec<AuditRow>> {
    let all = audit_events::table.order(audit_events::id.desc()).limit(limit);
    all.select(AuditRow::as_select()).load(c).await
}
