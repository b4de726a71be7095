//! Rows of `sessions`.

use diesel::prelude::*;
use domain::Session;

use crate::{
    NewSession, Result, StoreError,
    columns::{id, millis, moment},
    schema::sessions,
};

/// A row of `sessions`.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
pub struct SessionRow {
    pub id: String,
    pub user_id: String,
    pub secret_hash: String,
    pub created_at: i64,
    pub last_seen_at: i64,
    pub expires_at: i64,
    pub user_agent: String,
    pub address: String,
}

impl From<NewSession> for SessionRow {
    fn from(session: NewSession) -> Self {
        let NewSession { id, user_id, secret_hash, created_at, expires_at, user_agent, address } = session;
        Self {
            id: id.to_string(),
            user_id: user_id.to_string(),
            secret_hash,
            created_at: millis(created_at),
            last_seen_at: millis(created_at),
            expires_at: millis(expires_at),
            user_agent,
            address,
        }
    }
}

impl TryFrom<SessionRow> for Session {
    type Error = StoreError;

    fn try_from(row: SessionRow) -> Result<Self> {
        let what = "time of a session";
        Ok(Self {
            id: id("session id", &row.id)?,
            created_at: moment(what, row.created_at)?,
            last_seen_at: moment(what, row.last_seen_at)?,
            expires_at: moment(what, row.expires_at)?,
            user_agent: row.user_agent,
            address: row.address,
            current: false,
        })
    }
}
