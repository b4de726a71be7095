//! Credentials that a user gives to their agents. They go in and never come out.

use domain::{Credential, CredentialKind};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::context;
use super::fields::Fields;
use crate::error::ApiError;

/// The caller's credentials, without their secrets.
#[server(name = ListCredentials, prefix = "/_fn", endpoint = "credentials/list", input = Fields)]
pub async fn list_credentials() -> Result<Vec<Credential>, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.credentials().list(&caller).await?)
}

/// Keeps a secret for the caller's agents, in place of any older one of its kind.
#[server(name = SetCredential, prefix = "/_fn", endpoint = "credentials/set", input = Fields)]
pub async fn set_credential(kind: CredentialKind, secret: String) -> Result<Credential, ApiError> {
    let caller = context::caller()?;
    let credential = context::services()?.credentials().set(&caller, kind, secret.into()).await?;
    context::form_goes_to("/settings");
    Ok(credential)
}

/// Forgets a credential.
#[server(name = DeleteCredential, prefix = "/_fn", endpoint = "credentials/delete", input = Fields)]
pub async fn delete_credential(kind: CredentialKind) -> Result<(), ApiError> {
    let caller = context::caller()?;
    context::services()?.credentials().delete(&caller, kind).await?;
    context::form_goes_to("/settings");
    Ok(())
}
