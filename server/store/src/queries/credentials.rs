//! Queries on `credentials`.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use crate::{rows::credential::CredentialRow, schema::credentials};

/// Stores the user's credential in place of any older one of its kind.
pub async fn put(c: &mut Conn, row: &CredentialRow) -> QueryResult<()> {
    write_tx!(c, async |c| -> QueryResult<_> {
        let old =
            credentials::table.filter(credentials::user_id.eq(&row.user_id)).filter(credentials::kind.eq(&row.kind));
        diesel::delete(old).execute(c).await?;
        diesel::insert_into(credentials::table).values(row).execute(c).await.map(drop)
    })
    .await
}

pub async fn of_user(c: &mut Conn, user: &str) -> QueryResult<Vec<CredentialRow>> {
    let all = credentials::table.filter(credentials::user_id.eq(user)).order(credentials::kind);
    all.select(CredentialRow::as_select()).load(c).await
}

pub async fn delete(c: &mut Conn, user: &str, kind: &str) -> QueryResult<bool> {
    write_tx!(c, async |c| -> QueryResult<_> {
        let row = credentials::table.filter(credentials::user_id.eq(user)).filter(credentials::kind.eq(kind));
        diesel::delete(row).execute(c).await.map(|rows| rows > 0)
    })
    .await
}

/// The ids of all keys that something is sealed with.
pub async fn key_ids(c: &mut Conn) -> QueryResult<Vec<String>> {
    credentials::table.select(credentials::key_id).distinct().order(credentials::key_id).load(c).await
}

/// Some of those that are sealed with another key.
pub async fn not_sealed_with(c: &mut Conn, key_id: &str, limit: i64) -> QueryResult<Vec<CredentialRow>> {
    let others = credentials::table.filter(credentials::key_id.ne(key_id)).order(credentials::id).limit(limit);
    others.select(CredentialRow::as_select()).load(c).await
}

/// Seals a credential anew, unless it was replaced meanwhile.
pub async fn reseal(c: &mut Conn, id: &str, before: &str, sealed: &str, key_id: &str) -> QueryResult<bool> {
    write_tx!(c, async |c| -> QueryResult<_> {
        let row = credentials::table.filter(credentials::id.eq(id)).filter(credentials::sealed.eq(before));
        let change = (credentials::sealed.eq(sealed), credentials::key_id.eq(key_id));
        diesel::update(row).set(change).execute(c).await.map(|rows| rows > 0)
    })
    .await
}
