//! How single values are written in columns: times as milliseconds, names of enumerations and JSON as text.

use std::str::FromStr;

use domain::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Result, StoreError};

/// Milliseconds since 1970 in UTC.
pub fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// The moment of a number of milliseconds.
pub fn moment(what: &'static str, millis: i64) -> Result<Timestamp> {
    Timestamp::from_millisecond(millis).map_err(corrupt(what))
}

/// The id in a column.
pub fn id<T>(what: &'static str, text: &str) -> Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text.parse().map_err(corrupt(what))
}

/// The name of a value of an enumeration, as it stands in JSON.
pub fn name_of(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => name,
        // Only enumerations without fields are given to this function; a test goes through all of them.
        _ => String::new(),
    }
}

/// The value of an enumeration that has this name.
pub fn named<T: DeserializeOwned>(what: &'static str, name: &str) -> Result<T> {
    serde_json::from_value(Value::String(name.to_owned())).map_err(corrupt(what))
}

/// A value as JSON text.
pub fn to_json(what: &'static str, value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(corrupt(what))
}

/// The value of a JSON text.
pub fn from_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(corrupt(what))
}

/// Makes the error of a value that cannot be read.
pub fn corrupt<E: std::error::Error + Send + Sync + 'static>(what: &'static str) -> impl FnOnce(E) -> StoreError {
    move |source| StoreError::Corrupt { what, source: Box::new(source) }
}

#[cfg(test)]
mod tests {
    use domain::{ActorKind, AuditAction, Desired, Outcome, Phase, Reason, Role, TaskState, TokenKind};

    use super::*;

    #[test]
    fn every_stored_enumeration_has_a_name_that_reads_back() {
        fn there_and_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(values: &[T]) {
            for value in values {
                let name = name_of(value);
                assert!(!name.is_empty() && name.len() <= 32, "{value:?} is written as {name:?}");
                assert_eq!(named::<T>("value", &name).as_ref().ok(), Some(value));
            }
        }
        there_and_back(Desired::ALL);
        there_and_back(Phase::ALL);
        there_and_back(Reason::ALL);
        there_and_back(&TaskState::ALL);
        there_and_back(&[Role::Admin, Role::Member]);
        there_and_back(&[TokenKind::Personal, TokenKind::Agent]);
        there_and_back(&[ActorKind::User, ActorKind::Agent, ActorKind::System]);
        there_and_back(&[Outcome::Ok, Outcome::Denied]);
        there_and_back(&[
            AuditAction::Register,
            AuditAction::SignIn,
            AuditAction::SignOut,
            AuditAction::ChangePassword,
            AuditAction::RevokeSession,
            AuditAction::CreateToken,
            AuditAction::RevokeToken,
            AuditAction::LaunchAgent,
            AuditAction::StopAgent,
            AuditAction::StartAgent,
            AuditAction::DeleteAgent,
            AuditAction::AttachTerminal,
            AuditAction::WatchTerminal,
            AuditAction::DetachTerminal,
            AuditAction::DeleteProject,
            AuditAction::AnswerQuestion,
            AuditAction::SetCredential,
            AuditAction::DeleteCredential,
        ]);
        assert!(matches!(named::<Role>("role", "owner"), Err(StoreError::Corrupt { what: "role", .. })));
    }
}
