//! A new password from the host itself, for people who forgot theirs.

use std::sync::Arc;

use domain::{
    Actor, AuditAction, Outcome,
    validate::{self, Invalid},
};
use secrecy::{ExposeSecret as _, SecretString};

use super::Accounts;
use crate::{caller::ClientInfo, error::Error, to_the_end};

impl Accounts {
    /// Gives an account a new password and ends all its sessions. For the operator at the host's command line, who can
    /// reach the database anyway: there is no caller to ask about.
    pub async fn reset_password(&self, username: &str, new: SecretString) -> Result<(), Error> {
        validate::password(new.expose_secret()).map_err(|message| Invalid::field("password", message))?;
        let (inner, username) = (Arc::clone(&self.0), username.to_lowercase());
        to_the_end(async move {
            let known = inner
                .store
                .user_by_name(&username)
                .await?
                .ok_or_else(|| Error::invalid("username", "No account has this name."))?;
            let id = known.user.id;
            let new_hash = inner.passwords.hash(new).await?;
            // The session that a new password comes with; its secret is forgotten here and the session ended at once.
            let (session, _) = inner.new_session(id, &ClientInfo::default());
            let session_id = session.id;
            if !inner.store.set_password(id, &known.password_hash, &new_hash, session).await? {
                return Err(Error::VersionConflict);
            }
            inner.store.delete_session(id, session_id).await?;
            let (actor, object) = (Actor::system(), Some(id.to_string()));
            inner.note(inner.audit_event(actor, "", AuditAction::ChangePassword, object, Outcome::Ok)).await;
            Ok(())
        })
        .await
    }
}
