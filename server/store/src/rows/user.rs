//! Rows of `users`.

use diesel::prelude::*;
use domain::User;
use secrecy::ExposeSecret;

use crate::{
    NewUser, Result, StoreError, UserWithHash,
    columns::{id, millis, moment, named},
    schema::users,
};

/// A row of `users`.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = users)]
pub struct UserRow {
    pub id: String,
    pub username: String,
    pub password_hash: String,
    pub role: String,
    pub created_at: i64,
}

/// How making an account ended.
pub enum Registration {
    Created(UserRow),
    NameTaken,
    Closed,
}

impl From<&NewUser> for UserRow {
    /// The row without its role, which is decided in the transaction that inserts it.
    fn from(user: &NewUser) -> Self {
        let NewUser { id, username, password_hash, created_at } = user;
        Self {
            id: id.to_string(),
            username: username.clone(),
            password_hash: password_hash.expose_secret().to_owned(),
            role: String::new(),
            created_at: millis(*created_at),
        }
    }
}

impl TryFrom<UserRow> for UserWithHash {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self> {
        let UserRow { id: user_id, username, password_hash, role, created_at } = row;
        let user = User {
            id: id("user id", &user_id)?,
            username,
            role: named("role", &role)?,
            created_at: moment("time of a user", created_at)?,
        };
        Ok(Self { user, password_hash: password_hash.into() })
    }
}

impl TryFrom<UserRow> for User {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self> {
        UserWithHash::try_from(row).map(|with_hash| with_hash.user)
    }
}
