//! One newtype per kind of object, so that two ids cannot be mixed up. Making new ids is the business of `services`.

use std::{fmt, str::FromStr};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Visitor},
};
use uuid::Uuid;

/// The text is not the id of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an id: expected a UUID such as 0190b5c6-7d2a-7cc3-9c41-3a8f0c5d1e22")]
pub struct IdError;

/// Reads an id as its text says it, like a path or a form does.
struct Text<I>(std::marker::PhantomData<fn() -> I>);

impl<I: FromStr<Err = IdError>> Visitor<'_> for Text<I> {
    type Value = I;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<I, E> {
        text.parse().map_err(|error| E::custom(format!("`{text}` {error}")))
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(#[cfg_attr(feature = "schema", schemars(with = "String"))] Uuid);

        impl $name {
            /// Wraps a UUID. New objects get version 7, so that ids sort by the time they were made.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// Accepts the hyphenated lower-case form only, so that one object has one address.
            fn from_str(text: &str) -> Result<Self, IdError> {
                let uuid = Uuid::try_parse(text).map_err(|_| IdError)?;
                let id = Self(uuid);
                if id.to_string() == text { Ok(id) } else { Err(IdError) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text(std::marker::PhantomData))
            }
        }
    )*};
}

ids! {
    /// A person with an account.
    UserId
    /// A browser session. This is its public name, not the secret in the cookie.
    SessionId
    /// A personal or agent token. This is its public name, not the secret.
    TokenId
    /// A project.
    ProjectId
    /// A task of a project.
    TaskId
    /// An agent.
    AgentId
    /// A question of an agent.
    QuestionId
    /// A sealed credential of a user.
    CredentialId
    /// An entry of a timeline.
    EventId
    /// An entry of the audit log.
    AuditEventId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_is_an_id() {
        let canonical = "0190b5c6-7d2a-7cc3-9c41-3a8f0c5d1e22";
        assert_eq!(canonical.parse::<TaskId>().map(|id| id.to_string()), Ok(canonical.to_owned()));
        for other in ["", "7", "0190B5C6-7D2A-7CC3-9C41-3A8F0C5D1E22", "0190b5c67d2a7cc39c413a8f0c5d1e22", "../etc"] {
            assert_eq!(other.parse::<TaskId>(), Err(IdError), "{other}");
            assert!(serde_json::from_value::<TaskId>(other.into()).is_err(), "{other} in JSON");
        }
        let read = serde_json::from_value::<TaskId>(canonical.into());
        assert_eq!(read.map(|id| id.to_string()).ok().as_deref(), Some(canonical));
    }
}
