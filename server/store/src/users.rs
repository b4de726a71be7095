//! Accounts.

use domain::{AuditEvent, User, UserId};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    CreateUser, NewSession, NewUser, RegistrationPolicy, Result, Store, UserWithHash,
    columns::corrupt,
    rows::{
        event::AuditRow,
        session::SessionRow,
        user::{Registration, UserRow},
    },
};

impl Store {
    /// Makes an account, signs it in if a session is given, and notes it in the audit log, all or nothing.
    ///
    /// The first account is an administrator. Of any number of people who try to be first at once, one is.
    pub async fn create_user(
        &self,
        user: NewUser,
        session: Option<NewSession>,
        policy: RegistrationPolicy,
        audit: AuditEvent,
    ) -> Result<CreateUser> {
        let (user, session, audit) = (UserRow::from(&user), session.map(SessionRow::from), AuditRow::from(&audit));
        Ok(match dispatch!(self, users::create(&user, session.as_ref(), policy, &audit))? {
            Registration::Created(row) => CreateUser::Created(row.try_into()?),
            Registration::NameTaken => CreateUser::NameTaken,
            Registration::Closed => CreateUser::Closed,
        })
    }

    /// The user of this name, with the password's hash.
    pub async fn user_by_name(&self, username: &str) -> Result<Option<UserWithHash>> {
        // PostgreSQL refuses a query with a NUL in it, and no user has such a name.
        if username.contains('\0') {
            return Ok(None);
        }
        let name = username.to_owned();
        let found = dispatch!(self, users::by_name(&name))?;
        // MySQL takes no notice of spaces at the end of a text.
        found.filter(|row| row.username == username).map(UserWithHash::try_from).transpose()
    }

    /// The user, with the password's hash.
    pub async fn user_with_hash(&self, id: UserId) -> Result<Option<UserWithHash>> {
        let id = id.to_string();
        dispatch!(self, users::find(&id))?.map(UserWithHash::try_from).transpose()
    }

    /// The user.
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        let id = id.to_string();
        dispatch!(self, users::find(&id))?.map(User::try_from).transpose()
    }

    /// Every account, in the order of their names. For the operator at the command line.
    pub async fn users(&self) -> Result<Vec<User>> {
        let rows = dispatch!(self, users::all())?;
        rows.into_iter().map(User::try_from).collect()
    }

    /// How many accounts there are.
    pub async fn user_count(&self) -> Result<u64> {
        let count = dispatch!(self, users::count())?;
        count.try_into().map_err(corrupt("number of users"))
    }

    /// Changes the password, ends every session of the user and begins `keep_session`, all or nothing. False when the
    /// password is no longer `old_hash`, or the user is gone: then nothing has changed.
    pub async fn set_password(
        &self,
        id: UserId,
        old_hash: &SecretString,
        new_hash: &SecretString,
        keep_session: NewSession,
    ) -> Result<bool> {
        let (id, session) = (id.to_string(), SessionRow::from(keep_session));
        let (old, new) = (old_hash.clone(), new_hash.clone());
        dispatch!(self, users::set_password(&id, old.expose_secret(), new.expose_secret(), &session))
    }
}
