//! Use cases of credentials that users give to their agents. The secret goes in and comes out only as a file of an agent.

use std::sync::Arc;

use domain::{AuditAction, Credential, CredentialId, CredentialKind, Outcome, UserId, credential};
use secrecy::{ExposeSecret as _, SecretString};
use store::SealedCredential;

use crate::{
    Inner,
    caller::Caller,
    error::{Error, Object},
    policy::{self, Action},
    to_the_end,
    tokens::form,
    vault::VaultError,
};

/// Credentials that are sealed anew at one time.
const AT_ONCE: u32 = 100;

/// Use cases of credentials.
#[derive(Clone)]
pub struct UserCredentials(pub(crate) Arc<Inner>);

impl UserCredentials {
    /// The caller's credentials, without their secrets.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Credential>, Error> {
        let owner = policy::authorize(caller, Action::ListCredentials)?;
        let sealed = self.0.store.credentials_of(owner.id()).await?;
        Ok(sealed.into_iter().map(|sealed| sealed.credential).collect())
    }

    /// Keeps a secret, in place of any older one of its kind. Agents get it when they start the next time.
    pub async fn set(&self, caller: &Caller, kind: CredentialKind, secret: SecretString) -> Result<Credential, Error> {
        let owner = policy::authorize(caller, Action::SetCredential)?;
        let secret = SecretString::from(secret.expose_secret().trim().to_owned());
        credential::validate(secret.expose_secret())?;
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        to_the_end(async move {
            let (id, now) = inner.ids.next();
            let id = CredentialId::from_uuid(id);
            let last_four = form::last_four(&secret);
            let sealed = SealedCredential {
                user_id: owner.id(),
                credential: Credential { id, kind, last_four, created_at: now, updated_at: now },
                sealed: inner.vault()?.seal(&*inner.entropy, &owner_of(owner.id(), id, kind), &secret)?,
                key_id: inner.vault()?.sealing_key()?.to_owned(),
            };
            inner.store.put_credential(&sealed).await?;
            inner.audit(&caller, AuditAction::SetCredential, Some(id.to_string()), Outcome::Ok).await;
            Ok(sealed.credential)
        })
        .await
    }

    /// Forgets the caller's credential. Agents that run keep what they were given until they stop.
    pub async fn delete(&self, caller: &Caller, kind: CredentialKind) -> Result<(), Error> {
        let owner = policy::authorize(caller, Action::DeleteCredential)?;
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        to_the_end(async move {
            if !inner.store.delete_credential(owner.id(), kind).await? {
                return Err(Error::NotFound(Object::Credential));
            }
            inner.audit(&caller, AuditAction::DeleteCredential, Some(kind.as_str().to_owned()), Outcome::Ok).await;
            Ok(())
        })
        .await
    }

    /// Whether all credentials can be opened with the keys that there are. For the start of a server.
    pub async fn check_keys(&self) -> Result<(), Error> {
        let vault = self.0.vault()?;
        match self.0.store.credential_key_ids().await?.into_iter().find(|id| !vault.has(id)) {
            Some(missing) => Err(VaultError::MissingKey(missing).into()),
            None => Ok(()),
        }
    }

    /// Seals everything anew that is not sealed with the first key, and says how much that was. For the operator.
    pub async fn rotate_keys(&self) -> Result<usize, Error> {
        let vault = self.0.vault()?;
        let newest = vault.sealing_key()?.to_owned();
        let mut number = 0;
        loop {
            let old = self.0.store.credentials_not_sealed_with(&newest, AT_ONCE).await?;
            if old.is_empty() {
                return Ok(number);
            }
            for sealed in old {
                let owner = owner_of(sealed.user_id, sealed.credential.id, sealed.credential.kind);
                let secret = vault.open(&sealed.key_id, &owner, &sealed.sealed)?;
                let fresh = vault.seal(&*self.0.entropy, &owner, &secret)?;
                // One that was replaced meanwhile is sealed with the first key already.
                number += usize::from(self.0.store.reseal_credential(&sealed, &fresh, &newest).await?);
            }
        }
    }
}

impl Inner {
    /// What an agent of the user gets: file names and what is in them.
    pub(crate) async fn credential_files(&self, user: UserId) -> Result<Vec<(String, SecretString)>, Error> {
        let mut files = Vec::new();
        for sealed in self.store.credentials_of(user).await? {
            let Credential { id, kind, .. } = sealed.credential;
            let secret = self.vault()?.open(&sealed.key_id, &owner_of(user, id, kind), &sealed.sealed)?;
            files.push((kind.file_name().to_owned(), secret));
        }
        Ok(files)
    }

    fn vault(&self) -> Result<&crate::vault::Vault, Error> {
        self.vault.as_ref().map_err(|error| error.clone().into())
    }
}

/// What a sealed text is bound to.
fn owner_of(user: UserId, id: CredentialId, kind: CredentialKind) -> String {
    format!("credentials|{id}|{}|{user}", kind.as_str())
}

#[cfg(test)]
mod tests;
