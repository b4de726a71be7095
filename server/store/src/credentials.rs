//! Credentials of users, sealed: storage never sees what is in them.

use domain::{CredentialKind, UserId};

use crate::{
    Result, SealedCredential, Store,
    columns::name_of,
    rows::credential::{CredentialRow, credential},
};

impl Store {
    /// Stores the user's credential in place of any older one of its kind.
    pub async fn put_credential(&self, sealed: &SealedCredential) -> Result<()> {
        let row = CredentialRow::from(sealed);
        dispatch!(self, credentials::put(&row))
    }

    /// The user's credentials.
    pub async fn credentials_of(&self, user: UserId) -> Result<Vec<SealedCredential>> {
        let user = user.to_string();
        dispatch!(self, credentials::of_user(&user))?.into_iter().map(credential).collect()
    }

    /// Deletes the user's credential. False when there is none of this kind.
    pub async fn delete_credential(&self, user: UserId, kind: CredentialKind) -> Result<bool> {
        let (user, kind) = (user.to_string(), name_of(&kind));
        dispatch!(self, credentials::delete(&user, &kind))
    }

    /// The ids of all keys that something is sealed with.
    pub async fn credential_key_ids(&self) -> Result<Vec<String>> {
        dispatch!(self, credentials::key_ids())
    }

    /// At most `limit` credentials of everybody that are sealed with another key than this. For changing keys only.
    pub async fn credentials_not_sealed_with(&self, key_id: &str, limit: u32) -> Result<Vec<SealedCredential>> {
        let (key_id, limit) = (key_id.to_owned(), i64::from(limit));
        dispatch!(self, credentials::not_sealed_with(&key_id, limit))?.into_iter().map(credential).collect()
    }

    /// Replaces what a credential is sealed with, unless it was replaced meanwhile.
    pub async fn reseal_credential(&self, before: &SealedCredential, sealed: &str, key_id: &str) -> Result<bool> {
        let (id, old) = (before.credential.id.to_string(), before.sealed.clone());
        let (sealed, key_id) = (sealed.to_owned(), key_id.to_owned());
        dispatch!(self, credentials::reseal(&id, &old, &sealed, &key_id))
    }
}
