//! Accounts from above: all of them, what they may do, and how one goes with everything that is its user's.

use domain::{Account, AuditEvent, Role, Timestamp, UserId};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    BeginDeletion, Erasure, Result, SetRole, Store,
    columns::{corrupt, id as read_id, millis},
    rows::{event::AuditRow, user::Erased},
};

impl Store {
    /// Every account with the number of what is in it, in the order of their names.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        dispatch!(self, accounts::all())?.into_iter().map(Account::try_from).collect()
    }

    /// Those whose end was asked for and who are not gone yet.
    pub async fn users_being_deleted(&self) -> Result<Vec<UserId>> {
        dispatch!(self, accounts::being_deleted())?.iter().map(|id| read_id("user id", id)).collect()
    }

    /// Says what the account of this name may do, and notes it in the audit log. There is always an administrator left.
    pub async fn set_role(&self, username: &str, role: Role, audit: &AuditEvent) -> Result<SetRole> {
        // PostgreSQL refuses a query with a NUL in it, and no user has such a name.
        if username.contains('\0') {
            return Ok(SetRole::NotFound);
        }
        let (username, audit) = (username.to_owned(), AuditRow::from(audit));
        dispatch!(self, accounts::set_role(&username, role, &audit))
    }

    /// Begins the end of an account, all or nothing: its password is none any more, its sessions, tokens and credentials are
    /// gone, every agent of its user shall be deleted, and the audit log says so. Nothing can be added to it from now on.
    ///
    /// Asking again changes nothing.
    pub async fn begin_deletion(
        &self,
        id: UserId,
        hash_of_nothing: &SecretString,
        now: Timestamp,
        audit: &AuditEvent,
    ) -> Result<BeginDeletion> {
        let (id, hash, at) = (id.to_string(), hash_of_nothing.clone(), millis(now));
        let audit = AuditRow::from(audit);
        dispatch!(self, accounts::begin_deletion(&id, hash.expose_secret(), at, &audit))?.try_into()
    }

    /// Erases what is left of an account whose end was asked for, if none of its agents is left. In small transactions: it may
    /// be cut anywhere and asked again.
    pub async fn erase_user(&self, id: UserId) -> Result<Erasure> {
        loop {
            let id = id.to_string();
            match dispatch!(self, accounts::erase(&id))? {
                Erased::More => {}
                Erased::Gone => return Ok(Erasure::Gone),
                Erased::NotAsked => return Ok(Erasure::NotAsked),
                Erased::WaitsForAgents(number) => {
                    return Ok(Erasure::WaitsForAgents(number.try_into().map_err(corrupt("number of agents"))?));
                }
            }
        }
    }
}
