//! Rows of `tokens`.

use diesel::prelude::*;
use domain::{Token, UserId};

use crate::{
    Result, StoreError,
    columns::{id, millis, moment, name_of, named},
    schema::tokens,
};

/// A row of `tokens`.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = tokens)]
pub struct TokenRow {
    pub id: String,
    pub user_id: String,
    pub kind: String,
    pub name: String,
    pub last_four: String,
    pub secret_hash: String,
    pub created_at: i64,
    pub expires_at: i64,
    pub last_used_at: Option<i64>,
}

impl TokenRow {
    /// The row of a user's token.
    pub fn new(user: UserId, token: &Token, secret_hash: &str) -> Self {
        let Token { id, kind, name, last_four, created_at, expires_at, last_used_at } = token;
        Self {
            id: id.to_string(),
            user_id: user.to_string(),
            kind: name_of(kind),
            name: name.clone(),
            last_four: last_four.clone(),
            secret_hash: secret_hash.to_owned(),
            created_at: millis(*created_at),
            expires_at: millis(*expires_at),
            last_used_at: last_used_at.map(millis),
        }
    }
}

impl TryFrom<TokenRow> for Token {
    type Error = StoreError;

    fn try_from(row: TokenRow) -> Result<Self> {
        let what = "time of a token";
        Ok(Self {
            id: id("token id", &row.id)?,
            kind: named("token kind", &row.kind)?,
            name: row.name,
            last_four: row.last_four,
            created_at: moment(what, row.created_at)?,
            expires_at: moment(what, row.expires_at)?,
            last_used_at: row.last_used_at.map(|at| moment(what, at)).transpose()?,
        })
    }
}
