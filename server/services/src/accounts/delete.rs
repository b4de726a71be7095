//! The end of an account, with everything that is its user's.
//!
//! Asking for it is one transaction: from then on nobody gets in as this user, and all their agents are wanted gone. The
//! reconciler removes those from the runtime. The user's row, and with it all that belongs to it, goes after the last agent's:
//! so whatever is killed in between, the database still says what is left to do.

use std::sync::Arc;

use domain::{Account, Actor, AuditAction, LiveEvent, Outcome, UserId};
use secrecy::SecretString;
use store::{BeginDeletion, Erasure};

use super::{Accounts, password};
use crate::{
    Inner,
    caller::Caller,
    error::{Error, Object},
    live::Ended,
    policy::{self, Action},
    to_the_end,
};

const OWN_ACCOUNT: &str =
    "This is your own account. Delete it in your settings, or with DELETE /api/auth/me, with your password.";

impl Accounts {
    /// Every account with the number of what is in it. For administrators.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Account>, Error> {
        policy::authorize(caller, Action::ReadUsers)?;
        Ok(self.0.store.accounts().await?)
    }

    /// Deletes somebody else's account, for administrators: it is no way in any more at once, and everything that is its
    /// user's goes by and by. That is final. Says what is left.
    pub async fn delete_user(&self, caller: &Caller, id: UserId) -> Result<Account, Error> {
        let owner = policy::authorize(caller, Action::DeleteUser)?;
        if owner.id() == id {
            return Err(Error::InvalidTransition(OWN_ACCOUNT.to_owned()));
        }
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        to_the_end(async move { inner.delete_account(caller.actor(), &caller.client.address, id).await }).await
    }

    /// Deletes the caller's own account, who proves once more who they are.
    pub async fn delete_own(&self, caller: &Caller, password: SecretString) -> Result<Account, Error> {
        let owner = policy::authorize(caller, Action::DeleteOwnAccount)?;
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        to_the_end(async move {
            inner.check_password(&caller, password).await?;
            inner.delete_account(caller.actor(), &caller.client.address, owner.id()).await
        })
        .await
    }

    /// The account of this name, for the operator at the host, who can reach the database anyway.
    pub async fn account_for_operator(&self, username: &str) -> Result<Account, Error> {
        let username = username.to_lowercase();
        let accounts = self.0.store.accounts().await?;
        accounts.into_iter().find(|account| account.username == username).ok_or_else(no_such_name)
    }

    /// Deletes an account for the operator at the host.
    pub async fn delete_for_operator(&self, id: UserId) -> Result<Account, Error> {
        let inner = Arc::clone(&self.0);
        to_the_end(async move { inner.delete_account(Actor::system(), "", id).await }).await
    }
}

pub(super) fn no_such_name() -> Error {
    Error::invalid("username", "No account has this name.")
}

impl Inner {
    /// The caller's password, once more. Guessing is slowed down as at the sign-in.
    async fn check_password(&self, caller: &Caller, password: SecretString) -> Result<(), Error> {
        let user = &caller.user;
        let attempt = self.attempts.begin_sign_in(&caller.client.address, &user.username, self.clock.now())?;
        let known = self.store.user_with_hash(user.id).await?;
        if !self.passwords.verify(password, known.map(|known| known.password_hash)).await? {
            self.audit(caller, AuditAction::DeleteUser, Some(named(user.id, &user.username)), Outcome::Denied).await;
            return Err(Error::invalid("password", "This is not your password. Nothing was deleted."));
        }
        self.attempts.forgive(&attempt);
        Ok(())
    }

    async fn delete_account(&self, actor: Actor, address: &str, id: UserId) -> Result<Account, Error> {
        let not_found = || Error::NotFound(Object::User);
        let user = self.store.user(id).await?.ok_or_else(not_found)?;
        // The id stands beside the name: another account may have that one day.
        let object = Some(named(id, &user.username));
        let audit = self.audit_event(actor, address, AuditAction::DeleteUser, object, Outcome::Ok);
        let nothing = SecretString::from(password::NOBODY);
        let (account, agents) = match self.store.begin_deletion(id, &nothing, audit.at, &audit).await? {
            BeginDeletion::Begun { account, agents } => (*account, agents),
            BeginDeletion::NotFound => return Err(not_found()),
            BeginDeletion::LastAdmin => return Err(Error::last_admin(&user.username)),
        };
        tracing::info!(user.id = %id, agents = account.agents, "an account is being deleted");
        for agent in agents {
            self.wake_ups.wake(agent.id);
            self.live.publish(id, LiveEvent::Agent(Box::new(agent)));
        }
        self.live.end(id, Ended::Everything);
        if account.agents == 0 {
            self.erase_user(id).await;
        }
        Ok(account)
    }

    /// Erases what is left of an account whose end was asked for, after the last of its agents. A failure is no harm: every
    /// resync tries again.
    pub(crate) async fn erase_user(&self, id: UserId) {
        match self.store.erase_user(id).await {
            Ok(Erasure::Gone) => tracing::info!(user.id = %id, "an account is gone"),
            Ok(Erasure::WaitsForAgents(_) | Erasure::NotAsked) => {}
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(user.id = %id, error, "what is left of an account could not be erased; will try again");
            }
        }
    }

    /// Erases every account whose end was asked for and of whose agents nothing is left.
    pub(crate) async fn erase_users(&self) -> Result<(), Error> {
        for id in self.store.users_being_deleted().await? {
            self.erase_user(id).await;
        }
        Ok(())
    }
}

/// A user in the audit log.
fn named(id: UserId, username: &str) -> String {
    format!("{id} {username}")
}

#[cfg(test)]
mod tests;
