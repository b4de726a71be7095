//! Queries on `tokens`.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use crate::{
    rows::{token::TokenRow, user::UserRow},
    schema::{tokens, users},
};

pub async fn insert(c: &mut Conn, token: &TokenRow) -> QueryResult<bool> {
    write_tx!(c, async |c| -> QueryResult<_> {
        if !super::users::lock_active(c, &token.user_id).await? {
            return Ok(false);
        }
        diesel::insert_into(tokens::table).values(token).execute(c).await.map(|rows| rows > 0)
    })
    .await
}

pub async fn by_hash(c: &mut Conn, secret_hash: &str) -> QueryResult<Option<(TokenRow, UserRow)>> {
    let token = tokens::table.inner_join(users::table).filter(tokens::secret_hash.eq(secret_hash));
    token.select((TokenRow::as_select(), UserRow::as_select())).first(c).await.optional()
}

pub async fn of_user(c: &mut Conn, user: &str) -> QueryResult<Vec<TokenRow>> {
    let all = tokens::table.filter(tokens::user_id.eq(user)).order(tokens::id.desc());
    all.select(TokenRow::as_select()).load(c).await
}

pub async fn delete(c: &mut Conn, user: &str, id: &str) -> QueryResult<bool> {
    write_tx!(c, async |c| -> QueryResult<_> {
        let token = tokens::table.find(id).filter(tokens::user_id.eq(user));
        diesel::delete(token).execute(c).await.map(|rows| rows > 0)
    })
    .await
}

pub async fn touch(c: &mut Conn, id: &str, at: i64) -> QueryResult<()> {
    write_tx!(c, async |c| -> QueryResult<_> {
        // Never backwards: requests with one token may overtake one another.
        let older = tokens::last_used_at.is_null().or(tokens::last_used_at.lt(at));
        let token = tokens::table.filter(tokens::id.eq(id)).filter(older);
        diesel::update(token).set(tokens::last_used_at.eq(at)).execute(c).await.map(drop)
    })
    .await
}
