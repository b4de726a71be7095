//! The audit log.

use domain::{Actor, ActorKind, AuditAction, AuditEvent, Outcome};

use crate::support::{TestStore, audit_event};

store_test! {
    async fn the_last_entries_come_newest_first(db: TestStore) {
        let entries = [AuditAction::SignIn, AuditAction::DeleteAgent, AuditAction::AttachTerminal].map(|action| AuditEvent {
            actor: Actor { kind: ActorKind::User, id: Some("some id".into()), name: "ann 🦊".into() },
            object: Some("the object".into()),
            outcome: Outcome::Denied,
            ..audit_event("ann", action)
        });
        for entry in &entries {
            db.insert_audit(entry).await.unwrap();
        }
        let [_, second, third] = entries;
        assert_eq!(db.audit(2).await.unwrap(), [third, second]);
    }

    async fn a_name_that_was_tried_is_noted_whatever_it_is(db: TestStore) {
        db.insert_audit(&audit_event("a\0b", AuditAction::SignIn)).await.unwrap();
        assert_eq!(db.audit(1).await.unwrap()[0].actor.name, "a\u{fffd}b");
    }
}
