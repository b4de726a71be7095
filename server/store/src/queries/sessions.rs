//! Queries on `sessions`.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use crate::{
    rows::{session::SessionRow, user::UserRow},
    schema::{sessions, users},
};

pub async fn insert(c: &mut Conn, session: &SessionRow, checked_hash: &str) -> QueryResult<bool> {
    write_tx!(c, async |c| -> QueryResult<_> {
        // The update holds the row: a change of the password waits for this session and then ends it.
        let unchanged = users::table.find(&session.user_id).filter(users::password_hash.eq(checked_hash));
        let unchanged = unchanged.filter(users::deleting_since.is_null());
        if diesel::update(unchanged).set(users::role.eq(users::role)).execute(c).await? == 0 {
            return Ok(false);
        }
        diesel::insert_into(sessions::table).values(session).execute(c).await?;
        Ok(true)
    })
    .await
}

pub async fn by_hash(c: &mut Conn, secret_hash: &str) -> QueryResult<Option<(SessionRow, UserRow)>> {
    let session = sessions::table.inner_join(users::table).filter(sessions::secret_hash.eq(secret_hash));
    session.select((SessionRow::as_select(), UserRow::as_select())).first(c).await.optional()
}

pub async fn touch(c: &mut Conn, id: &str, at: i64) -> QueryResult<()> {
    write_tx!(c, async |c| -> QueryResult<_> {
        // Never backwards: requests of one session may overtake one another.
        let older = sessions::table.find(id).filter(sessions::last_seen_at.lt(at));
        diesel::update(older).set(sessions::last_seen_at.eq(at)).execute(c).await.map(drop)
    })
    .await
}

pub async fn of_user(c: &mut Conn, user: &str) -> QueryResult<Vec<SessionRow>> {
    let all = sessions::table.filter(sessions::user_id.eq(user)).order(sessions::id.desc());
    all.select(SessionRow::as_select()).load(c).await
}

pub async fn delete(c: &mut Conn, user: &str, id: &str) -> QueryResult<bool> {
    write_tx!(c, async |c| -> QueryResult<_> {
        let session = sessions::table.find(id).filter(sessions::user_id.eq(user));
        diesel::delete(session).execute(c).await.map(|rows| rows > 0)
    })
    .await
}

pub async fn delete_expired(c: &mut Conn, idle_since: i64, now: i64) -> QueryResult<usize> {
    write_tx!(c, async |c| -> QueryResult<_> {
        let expired = sessions::expires_at.le(now).or(sessions::last_seen_at.lt(idle_since));
        diesel::delete(sessions::table.filter(expired)).execute(c).await
    })
    .await
}
