//! Use cases of accounts: making one, signing in and out, changing the password, and the audit log.

use std::{sync::Arc, time::Duration};

use domain::{
    Actor, ActorKind, AuditAction, AuditEvent, Outcome, Session, SessionId, Timestamp, User, UserId,
    validate::{self, Checker, Invalid},
};
use secrecy::{ExposeSecret as _, SecretString};
use store::{CreateUser, NewUser, RegistrationPolicy};

use crate::{
    Inner,
    caller::{Caller, ClientInfo, Via, cut},
    error::{Error, Object},
    live::Ended,
    policy::{self, Action},
    settings::Registration,
    to_the_end,
};

mod attempts;
mod authenticate;
mod delete;
mod password;
mod reset;
mod role;
mod sessions;

pub(crate) use attempts::Attempts;
pub(crate) use password::Passwords;
pub(crate) use sessions::Sweep;

/// Most entries of the audit log that one question returns.
const AUDIT_MAX: u32 = 1000;

/// What a person types to prove who they are.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The name.
    pub username: String,
    /// The password.
    pub password: SecretString,
}

/// A new browser session.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who signed in.
    pub user: User,
    /// The cookie's secret. It is kept nowhere else.
    pub secret: SecretString,
    /// When the session ends whatever happens.
    pub expires_at: Timestamp,
    /// The same as a time from now.
    pub max_age: Duration,
}

/// Use cases of accounts.
#[derive(Clone)]
pub struct Accounts(pub(crate) Arc<Inner>);

impl Accounts {
    /// Makes an account and signs it in. The first account becomes the administrator.
    pub async fn register(&self, credentials: Credentials, client: ClientInfo) -> Result<SignedIn, Error> {
        let inner = Arc::clone(&self.0);
        to_the_end(async move { inner.register(credentials, client).await }).await
    }

    /// Signs in.
    pub async fn login(&self, credentials: Credentials, client: ClientInfo) -> Result<SignedIn, Error> {
        let inner = Arc::clone(&self.0);
        to_the_end(async move { inner.login(credentials, client).await }).await
    }

    /// Signs out: ends the caller's session and what was opened with it.
    pub async fn logout(&self, caller: &Caller) -> Result<(), Error> {
        let owner = policy::authorize(caller, Action::SignOut)?;
        let Via::Session(id) = caller.via else { return Ok(()) };
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        to_the_end(async move {
            inner.store.delete_session(owner.id(), id).await?;
            inner.live.end(owner.id(), Ended::Session(id));
            inner.audit(&caller, AuditAction::SignOut, Some(id.to_string()), Outcome::Ok).await;
            Ok(())
        })
        .await
    }

    /// Changes the caller's password, ends every session of theirs, and begins a new one in place of the caller's.
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: SecretString,
        new: SecretString,
    ) -> Result<SignedIn, Error> {
        policy::authorize(caller, Action::ChangePassword)?;
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        to_the_end(async move { inner.change_password(caller, current, new).await }).await
    }

    /// The caller's sessions that have not expired, newest first.
    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<Session>, Error> {
        let owner = policy::authorize(caller, Action::ListSessions)?;
        let mut sessions = self.0.store.sessions_of(owner.id()).await?;
        let now = self.0.clock.now();
        sessions.retain(|session| !self.0.has_expired(session, now));
        for session in &mut sessions {
            session.current = caller.via == Via::Session(session.id);
        }
        Ok(sessions)
    }

    /// Ends a session of the caller's and what was opened with it.
    pub async fn revoke_session(&self, caller: &Caller, id: SessionId) -> Result<(), Error> {
        let owner = policy::authorize(caller, Action::RevokeSession)?;
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        to_the_end(async move {
            if !inner.store.delete_session(owner.id(), id).await? {
                return Err(Error::NotFound(Object::Session));
            }
            inner.live.end(owner.id(), Ended::Session(id));
            inner.audit(&caller, AuditAction::RevokeSession, Some(id.to_string()), Outcome::Ok).await;
            Ok(())
        })
        .await
    }

    /// Whether an account can be made now. The one question that needs no caller: the sign-in page asks it.
    pub async fn registration_open(&self) -> Result<bool, Error> {
        self.0.registration_open().await
    }

    /// Whether nobody has an account yet. Needs no caller either: the first person is welcomed.
    pub async fn is_new_installation(&self) -> Result<bool, Error> {
        Ok(self.0.store.user_count().await? == 0)
    }

    /// The last entries of the audit log, newest first. For administrators.
    pub async fn audit(&self, caller: &Caller, limit: u32) -> Result<Vec<AuditEvent>, Error> {
        policy::authorize(caller, Action::ReadAudit)?;
        Ok(self.0.store.audit(limit.min(AUDIT_MAX)).await?)
    }
}

impl Inner {
    async fn registration_open(&self) -> Result<bool, Error> {
        Ok(match self.settings.registration {
            Registration::Open => true,
            Registration::Closed => false,
            Registration::FirstUser => self.store.user_count().await? == 0,
        })
    }

    async fn register(&self, credentials: Credentials, client: ClientInfo) -> Result<SignedIn, Error> {
        self.attempts.count_registration(&client.address, self.clock.now())?;
        let Credentials { username, password } = credentials;
        let mut checker = Checker::default();
        let username = checker.check("username", validate::username(&username));
        checker.check("password", validate::password(password.expose_secret()));
        let username = checker.finish(username)?;
        // Hashing is costly, so a closed door is noticed before; whether it really is open, the database decides below.
        if !self.registration_open().await? {
            return Err(Error::RegistrationClosed);
        }
        let password_hash = self.passwords.hash(password).await?;

        let (id, created_at) = self.ids.next();
        let id = UserId::from_uuid(id);
        let (session, secret) = self.new_session(id, &client);
        let expires_at = session.expires_at;
        let actor = Actor { kind: ActorKind::User, id: Some(id.to_string()), name: username.clone() };
        let audit = self.audit_event(actor, &client.address, AuditAction::Register, Some(id.to_string()), Outcome::Ok);
        let policy = match self.settings.registration {
            Registration::Open => RegistrationPolicy::Anyone,
            Registration::FirstUser | Registration::Closed => RegistrationPolicy::FirstUserOnly,
        };
        let user = NewUser { id, username, password_hash, created_at };
        match self.store.create_user(user, Some(session), policy, audit).await? {
            CreateUser::Created(user) => Ok(self.signed_in(user, secret, expires_at)),
            CreateUser::NameTaken => Err(Error::name_taken("username", "This username is taken. Choose another one.")),
            CreateUser::Closed => Err(Error::RegistrationClosed),
        }
    }

    async fn login(&self, credentials: Credentials, client: ClientInfo) -> Result<SignedIn, Error> {
        let Credentials { username, password } = credentials;
        let tried = cut(username.trim().to_lowercase(), validate::USERNAME_MAX);
        let attempt = self.attempts.begin_sign_in(&client.address, &tried, self.clock.now())?;
        let known = match validate::username(&username) {
            Ok(name) => self.store.user_by_name(&name).await?,
            Err(_) => None,
        };
        let hash = known.as_ref().map(|known| known.password_hash.clone());
        let matches = self.passwords.verify(password, hash).await?;
        if let Some(known) = known.filter(|_| matches) {
            let (session, secret) = self.new_session(known.user.id, &client);
            let (id, expires_at) = (session.id, session.expires_at);
            if self.store.insert_session(session, &known.password_hash).await? {
                self.attempts.forgive(&attempt);
                let caller = Caller { user: known.user, via: Via::Session(id), client };
                self.audit(&caller, AuditAction::SignIn, Some(id.to_string()), Outcome::Ok).await;
                self.sweep_sessions().await;
                return Ok(self.signed_in(caller.user, secret, expires_at));
            }
        }
        let actor = Actor { kind: ActorKind::User, id: None, name: tried };
        self.note(self.audit_event(actor, &client.address, AuditAction::SignIn, None, Outcome::Denied)).await;
        Err(Error::InvalidCredentials)
    }

    async fn change_password(
        &self,
        caller: Caller,
        current: SecretString,
        new: SecretString,
    ) -> Result<SignedIn, Error> {
        validate::password(new.expose_secret()).map_err(|message| Invalid::field("new_password", message))?;
        let user = &caller.user;
        let attempt = self.attempts.begin_sign_in(&caller.client.address, &user.username, self.clock.now())?;
        let known = self.store.user_with_hash(user.id).await?;
        let old_hash = known.map(|known| known.password_hash);
        let matches = self.passwords.verify(current, old_hash.clone()).await?;
        let Some(old_hash) = old_hash.filter(|_| matches) else {
            self.audit(&caller, AuditAction::ChangePassword, None, Outcome::Denied).await;
            return Err(Error::invalid("current_password", "This is not your current password."));
        };
        self.attempts.forgive(&attempt);
        let new_hash = self.passwords.hash(new).await?;
        let (session, secret) = self.new_session(user.id, &caller.client);
        let expires_at = session.expires_at;
        if !self.store.set_password(user.id, &old_hash, &new_hash, session).await? {
            return Err(Error::VersionConflict);
        }
        self.live.end(user.id, Ended::AllSessions);
        self.audit(&caller, AuditAction::ChangePassword, None, Outcome::Ok).await;
        Ok(self.signed_in(caller.user, secret, expires_at))
    }
}

#[cfg(test)]
mod tests;
