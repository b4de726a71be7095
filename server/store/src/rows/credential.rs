//! Rows of `credentials`.

use diesel::prelude::*;
use domain::{Credential, UserId};

use crate::{
    Result, SealedCredential,
    columns::{id, millis, moment, name_of, named},
    schema::credentials,
};

/// A row of `credentials`.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = credentials)]
pub struct CredentialRow {
    pub id: String,
    pub user_id: String,
    pub kind: String,
    pub sealed: String,
    pub key_id: String,
    pub last_four: String,
    pub created_at: i64,
    pub updated_at: i64,
}

impl From<&SealedCredential> for CredentialRow {
    fn from(sealed: &SealedCredential) -> Self {
        let Credential { id, kind, last_four, created_at, updated_at } = &sealed.credential;
        Self {
            id: id.to_string(),
            user_id: sealed.user_id.to_string(),
            kind: name_of(kind),
            sealed: sealed.sealed.clone(),
            key_id: sealed.key_id.clone(),
            last_four: last_four.clone(),
            created_at: millis(*created_at),
            updated_at: millis(*updated_at),
        }
    }
}

/// A sealed credential as its users know it.
pub fn credential(row: CredentialRow) -> Result<SealedCredential> {
    let what = "time of a credential";
    let user_id: UserId = id("user id", &row.user_id)?;
    let credential = Credential {
        id: id("credential id", &row.id)?,
        kind: named("kind of credential", &row.kind)?,
        last_four: row.last_four,
        created_at: moment(what, row.created_at)?,
        updated_at: moment(what, row.updated_at)?,
    };
    Ok(SealedCredential { user_id, credential, sealed: row.sealed, key_id: row.key_id })
}
