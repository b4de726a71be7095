//! What an account may do, changed from the host itself.

use std::sync::Arc;

use domain::{Actor, AuditAction, Outcome, Role};
use store::SetRole;

use super::{Accounts, delete::no_such_name};
use crate::{error::Error, to_the_end};

impl Accounts {
    /// Says what an account may do. For the operator at the host's command line, who can reach the database anyway: there is
    /// no caller to ask about.
    pub async fn set_role(&self, username: &str, role: Role) -> Result<(), Error> {
        let (inner, username) = (Arc::clone(&self.0), username.to_lowercase());
        to_the_end(async move {
            let object = Some(format!("{username} {}", role.as_str()));
            let audit = inner.audit_event(Actor::system(), "", AuditAction::SetRole, object, Outcome::Ok);
            match inner.store.set_role(&username, role, &audit).await? {
                SetRole::Set => Ok(()),
                SetRole::NotFound => Err(no_such_name()),
                SetRole::LastAdmin => Err(Error::last_admin(&username)),
            }
        })
        .await
    }
}
