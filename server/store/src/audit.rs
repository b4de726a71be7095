//! The audit log. Entries are only ever added, and outlive the accounts they name.

use domain::AuditEvent;

use crate::{Result, Store, rows::event::AuditRow};

impl Store {
    /// Adds an entry.
    pub async fn insert_audit(&self, event: &AuditEvent) -> Result<()> {
        let row = AuditRow::from(event);
        dispatch!(self, audit::insert(&row))
    }

    /// The last `limit` entries, newest first.
    pub async fn audit(&self, limit: u32) -> Result<Vec<AuditEvent>> {
        let limit = i64::from(limit);
        dispatch!(self, audit::last(limit))?.into_iter().map(AuditEvent::try_from).collect()
    }
}
