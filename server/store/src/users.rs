//! Accounts.

use domain::{AuditEvent, User, UserId};
use secrecy::SecretString;

use crate::{CreateUser, NewSession, NewUser, RegistrationPolicy, Result, Store, UserWithHash};

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
        let _ = (user, session, policy, audit);
        todo!()
    }

    /// The user of this name, with the password's hash.
    pub async fn user_by_name(&self, username: &str) -> Result<Option<UserWithHash>> {
        let _ = username;
        todo!()
    }

    /// The user, with the password's hash.
    pub async fn user_with_hash(&self, id: UserId) -> Result<Option<UserWithHash>> {
        let _ = id;
        todo!()
    }

    /// The user.
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        let _ = id;
        todo!()
    }

    /// How many accounts there are.
    pub async fn user_count(&self) -> Result<u64> {
        todo!()
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
        let _ = (id, old_hash, new_hash, keep_session);
        todo!()
    }
}
