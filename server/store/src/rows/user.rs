//! Rows of `users`.

use diesel::prelude::*;
use domain::{Account, User};
use secrecy::ExposeSecret;

use crate::{
    BeginDeletion, NewUser, Result, StoreError, UserWithHash,
    columns::{corrupt, id, millis, moment, named},
    rows::agent::{AgentWithProject, agent},
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
    pub deleting_since: Option<i64>,
}

/// How making an account ended.
pub enum Registration {
    Created(UserRow),
    NameTaken,
    Closed,
}

/// A user with the number of what is theirs.
pub struct AccountRow {
    pub user: UserRow,
    pub agents: i64,
    pub projects: i64,
}

/// How asking for the end of an account ended: the user as they are now, their agents, and the number of their projects.
pub enum Deletion {
    Begun(Box<UserRow>, Vec<AgentWithProject>, i64),
    NotFound,
    LastAdmin,
}

/// How far the end of an account has come.
pub enum Erased {
    Gone,
    More,
    WaitsForAgents(i64),
    NotAsked,
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
            deleting_since: None,
        }
    }
}

impl TryFrom<UserRow> for UserWithHash {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self> {
        let UserRow { id: user_id, username, password_hash, role, created_at, deleting_since: _ } = row;
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

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self> {
        let AccountRow { user, agents, projects } = row;
        let deleting_since = user.deleting_since.map(|at| moment("time of a user", at)).transpose()?;
        let User { id, username, role, created_at } = user.try_into()?;
        let agents = agents.try_into().map_err(corrupt("number of agents"))?;
        let projects = projects.try_into().map_err(corrupt("number of projects"))?;
        Ok(Self { id, username, role, created_at, agents, projects, deleting_since })
    }
}

impl TryFrom<Deletion> for BeginDeletion {
    type Error = StoreError;

    fn try_from(deletion: Deletion) -> Result<Self> {
        Ok(match deletion {
            Deletion::Begun(user, agents, projects) => {
                let agents = agents.into_iter().map(agent).collect::<Result<Vec<_>>>()?;
                let number = agents.len().try_into().map_err(corrupt("number of agents"))?;
                let account = AccountRow { user: *user, agents: number, projects }.try_into()?;
                Self::Begun { account: Box::new(account), agents }
            }
            Deletion::NotFound => Self::NotFound,
            Deletion::LastAdmin => Self::LastAdmin,
        })
    }
}
