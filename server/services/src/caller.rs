//! Who calls a service method, how they proved it, and from where. Front doors make these; policy judges them.

use domain::{Actor, ActorKind, SessionId, TokenId, User};

/// Longest part of a browser's description of itself that is kept, in characters.
const USER_AGENT_MAX: usize = 200;
/// Longest address that is kept, in characters: an IPv6 address with a zone fits.
const ADDRESS_MAX: usize = 64;

/// A user who has proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: User,
    /// How they proved it.
    pub via: Via,
    /// From where they call.
    pub client: ClientInfo,
}

/// How a caller proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// By the cookie of a browser session.
    Session(SessionId),
    /// By a personal token.
    PersonalToken(TokenId),
}

/// From where a request comes, as far as the edge believes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientInfo {
    /// The network address, without the port.
    pub address: String,
    /// The client's own description of itself.
    pub user_agent: String,
}

impl ClientInfo {
    /// Cuts both parts to the lengths that are kept.
    pub fn new(address: impl Into<String>, user_agent: impl Into<String>) -> Self {
        Self { address: cut(address.into(), ADDRESS_MAX), user_agent: cut(user_agent.into(), USER_AGENT_MAX) }
    }
}

impl Caller {
    /// The caller as timelines and the audit log name them.
    pub(crate) fn actor(&self) -> Actor {
        Actor { kind: ActorKind::User, id: Some(self.user.id.to_string()), name: self.user.username.clone() }
    }
}

/// The first `max` characters.
pub(crate) fn cut(mut text: String, max: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(max) {
        text.truncate(end);
    }
    text
}
