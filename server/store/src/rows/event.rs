//! Rows of `events` and `audit_events`.

use diesel::prelude::*;
use domain::{Actor, AuditEvent, Event, Subject};

use crate::{
    NewEvent, Result, StoreError,
    columns::{from_json, id, millis, moment, name_of, named, to_json},
    schema::{audit_events, events},
};

/// A row of `events`.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = events)]
pub struct EventRow {
    pub id: String,
    pub task_id: Option<String>,
    pub agent_id: Option<String>,
    pub at: i64,
    pub actor_kind: String,
    pub actor_id: Option<String>,
    pub actor_name: String,
    pub kind: String,
}

impl TryFrom<&NewEvent> for EventRow {
    type Error = StoreError;

    fn try_from(NewEvent { subject, event }: &NewEvent) -> Result<Self> {
        let Event { id, at, actor, kind } = event;
        let (task_id, agent_id) = match subject {
            Subject::Task(id) => (Some(id.to_string()), None),
            Subject::Agent(id) => (None, Some(id.to_string())),
        };
        Ok(Self {
            id: id.to_string(),
            task_id,
            agent_id,
            at: millis(*at),
            actor_kind: name_of(&actor.kind),
            actor_id: actor.id.clone(),
            actor_name: actor.name.clone(),
            kind: to_json("event", kind)?,
        })
    }
}

impl TryFrom<EventRow> for Event {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self> {
        Ok(Self {
            id: id("event id", &row.id)?,
            at: moment("time of an event", row.at)?,
            actor: Actor { kind: named("kind of actor", &row.actor_kind)?, id: row.actor_id, name: row.actor_name },
            kind: from_json("event", &row.kind)?,
        })
    }
}

/// A row of `audit_events`.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_events)]
pub struct AuditRow {
    pub id: String,
    pub at: i64,
    pub actor_kind: String,
    pub actor_id: Option<String>,
    pub actor_name: String,
    pub action: String,
    pub object: Option<String>,
    pub address: String,
    pub outcome: String,
}

impl From<&AuditEvent> for AuditRow {
    fn from(event: &AuditEvent) -> Self {
        let AuditEvent { id, at, actor, action, object, address, outcome } = event;
        Self {
            id: id.to_string(),
            at: millis(*at),
            actor_kind: name_of(&actor.kind),
            actor_id: actor.id.clone(),
            // It may be what somebody typed as a username; PostgreSQL has no NUL in a text.
            actor_name: actor.name.replace('\0', "\u{fffd}"),
            action: name_of(action),
            object: object.clone(),
            address: address.clone(),
            outcome: name_of(outcome),
        }
    }
}

impl TryFrom<AuditRow> for AuditEvent {
    type Error = StoreError;

    fn try_from(row: AuditRow) -> Result<Self> {
        Ok(Self {
            id: id("audit event id", &row.id)?,
            at: moment("time of an audit event", row.at)?,
            actor: Actor { kind: named("kind of actor", &row.actor_kind)?, id: row.actor_id, name: row.actor_name },
            action: named("audit action", &row.action)?,
            object: row.object,
            address: row.address,
            outcome: named("outcome", &row.outcome)?,
        })
    }
}
