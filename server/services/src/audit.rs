//! Writing the audit log.

use domain::{Actor, AuditAction, AuditEvent, AuditEventId, Outcome};

use crate::{Inner, caller::Caller};

impl Inner {
    /// Notes what the caller did. It has been done already, so a failure to note it goes to the server's log.
    pub(crate) async fn audit(&self, caller: &Caller, action: AuditAction, object: Option<String>, outcome: Outcome) {
        self.note(self.audit_event(caller.actor(), &caller.client.address, action, object, outcome)).await;
    }

    /// Stores an entry, or says in the server's log that it could not.
    pub(crate) async fn note(&self, event: AuditEvent) {
        if let Err(error) = self.store.insert_audit(&event).await {
            tracing::error!(error = &error as &dyn std::error::Error, ?event, "an audit entry could not be stored");
        }
    }

    pub(crate) fn audit_event(
        &self,
        actor: Actor,
        address: &str,
        action: AuditAction,
        object: Option<String>,
        outcome: Outcome,
    ) -> AuditEvent {
        let (id, at) = self.ids.next();
        let address = address.to_owned();
        AuditEvent { id: AuditEventId::from_uuid(id), at, actor, action, object, address, outcome }
    }
}
