//! The audit log. Entries are only ever added, and outlive the accounts they name.

use domain::AuditEvent;

use crate::{Result, Store};

impl Store {
    /// Adds an entry.
    pub async fn insert_audit(&self, event: &AuditEvent) -> Result<()> {
        let _ = event;
        todo!()
    }

    /// The last `limit` entries, newest first.
    pub async fn audit(&self, limit: u32) -> Result<Vec<AuditEvent>> {
        let _ = limit;
        todo!()
    }
}
