//! Browser sessions. A session's secret is only ever stored as its SHA-256.

use domain::{Session, SessionId, Timestamp, UserId};
use secrecy::SecretString;

use crate::{NewSession, Result, SessionRecord, Store};

impl Store {
    /// Begins a session if the user's password is still the one with `checked_hash`. False when it is not: the password
    /// was changed since it was checked, and every session that it opened must end.
    pub async fn insert_session(&self, session: NewSession, checked_hash: &SecretString) -> Result<bool> {
        let _ = (session, checked_hash);
        todo!()
    }

    /// The session with this SHA-256, and its user. Whether it has expired is the caller's to judge.
    pub async fn session_by_hash(&self, secret_hash: &str) -> Result<Option<SessionRecord>> {
        let _ = secret_hash;
        todo!()
    }

    /// Notes that the session was used.
    pub async fn touch_session(&self, id: SessionId, at: Timestamp) -> Result<()> {
        let _ = (id, at);
        todo!()
    }

    /// The user's sessions, newest first, expired ones among them.
    pub async fn sessions_of(&self, user: UserId) -> Result<Vec<Session>> {
        let _ = user;
        todo!()
    }

    /// Ends a session of the user. False when the user has no such session.
    pub async fn delete_session(&self, user: UserId, id: SessionId) -> Result<bool> {
        let _ = (user, id);
        todo!()
    }

    /// Removes the sessions that were not used since `idle_since` or have expired at `now`, and returns their number.
    pub async fn delete_expired_sessions(&self, idle_since: Timestamp, now: Timestamp) -> Result<u64> {
        let _ = (idle_since, now);
        todo!()
    }
}
