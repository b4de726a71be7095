//! Queries on `users`, and the locks that hold back those who write beside one another.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Role;

use super::{super::Conn, audit};
use crate::{
    RegistrationPolicy,
    columns::name_of,
    rows::{
        event::AuditRow,
        session::SessionRow,
        user::{Registration, UserRow},
    },
    schema::{locks, sessions, users},
};

/// Waits until no other transaction makes an account, deletes one or changes what one may do. Updating a row is the one lock that all three databases have.
pub async fn lock_registration(c: &mut Conn) -> QueryResult<()> {
    let lock = locks::table.find("registration");
    diesel::update(lock).set(locks::taken.eq(locks::taken + 1)).execute(c).await.map(drop)
}

/// Waits until no other transaction holds this user. False when there is no such user.
pub async fn lock(c: &mut Conn, id: &str) -> QueryResult<bool> {
    let user = users::table.find(id);
    diesel::update(user).set(users::role.eq(users::role)).execute(c).await.map(|rows| rows > 0)
}

/// The same for a user who is not being deleted: what a request in flight still wants to make for one who is, is refused.
pub async fn lock_active(c: &mut Conn, id: &str) -> QueryResult<bool> {
    let user = users::table.find(id).filter(users::deleting_since.is_null());
    diesel::update(user).set(users::role.eq(users::role)).execute(c).await.map(|rows| rows > 0)
}

pub async fn create(
    c: &mut Conn,
    user: &UserRow,
    session: Option<&SessionRow>,
    policy: RegistrationPolicy,
    audit: &AuditRow,
) -> QueryResult<Registration> {
    write_tx!(c, async |c| -> QueryResult<_> {
        lock_registration(c).await?;
        let others: i64 = users::table.count().get_result(c).await?;
        if others > 0 && policy == RegistrationPolicy::FirstUserOnly {
            return Ok(Registration::Closed);
        }
        let same_name = users::table.filter(users::username.eq(&user.username));
        if same_name.count().get_result::<i64>(c).await? > 0 {
            return Ok(Registration::NameTaken);
        }
        let role = if others == 0 { Role::Admin } else { Role::Member };
        let row = UserRow { role: name_of(&role), ..user.clone() };
        diesel::insert_into(users::table).values(&row).execute(c).await?;
        if let Some(session) = session {
            diesel::insert_into(sessions::table).values(session).execute(c).await?;
        }
        audit::add(c, audit).await?;
        Ok(Registration::Created(row))
    })
    .await
}

pub async fn by_name(c: &mut Conn, username: &str) -> QueryResult<Option<UserRow>> {
    let user = users::table.filter(users::username.eq(username));
    user.select(UserRow::as_select()).first(c).await.optional()
}

pub async fn find(c: &mut Conn, id: &str) -> QueryResult<Option<UserRow>> {
    users::table.find(id).select(UserRow::as_select()).first(c).await.optional()
}

pub async fn all(c: &mut Conn) -> QueryResult<Vec<UserRow>> {
    users::table.order(users::username).select(UserRow::as_select()).load(c).await
}

pub async fn count(c: &mut Conn) -> QueryResult<i64> {
    users::table.count().get_result(c).await
}

pub async fn set_password(
    c: &mut Conn,
    id: &str,
    old_hash: &str,
    new_hash: &str,
    session: &SessionRow,
) -> QueryResult<bool> {
    write_tx!(c, async |c| -> QueryResult<_> {
        let unchanged = users::table.find(id).filter(users::password_hash.eq(old_hash));
        let unchanged = unchanged.filter(users::deleting_since.is_null());
        if diesel::update(unchanged).set(users::password_hash.eq(new_hash)).execute(c).await? == 0 {
            return Ok(false);
        }
        diesel::delete(sessions::table.filter(sessions::user_id.eq(id))).execute(c).await?;
        diesel::insert_into(sessions::table).values(session).execute(c).await?;
        Ok(true)
    })
    .await
}
