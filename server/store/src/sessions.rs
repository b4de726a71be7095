//! Browser sessions. A session's secret is only ever stored as its SHA-256.

use domain::{Session, SessionId, Timestamp, UserId};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    NewSession, Result, SessionRecord, Store,
    columns::{corrupt, millis},
    rows::session::SessionRow,
};

impl Store {
    /// Begins a session if the user's password is still the one with `checked_hash`. False when it is not: the password
    /// was changed since it was checked, and every session that it opened must end.
    pub async fn insert_session(&self, session: NewSession, checked_hash: &SecretString) -> Result<bool> {
        let (session, hash) = (SessionRow::from(session), checked_hash.clone());
        dispatch!(self, sessions::insert(&session, hash.expose_secret()))
    }

    /// The session with this SHA-256, and its user. Whether it has expired is the caller's to judge.
    pub async fn session_by_hash(&self, secret_hash: &str) -> Result<Option<SessionRecord>> {
        let secret_hash = secret_hash.to_owned();
        let found = dispatch!(self, sessions::by_hash(&secret_hash))?;
        found.map(|(row, user)| Ok(SessionRecord { session: row.try_into()?, user: user.try_into()? })).transpose()
    }

    /// Notes that the session was used.
    pub async fn touch_session(&self, id: SessionId, at: Timestamp) -> Result<()> {
        let (id, at) = (id.to_string(), millis(at));
        dispatch!(self, sessions::touch(&id, at))
    }

    /// The user's sessions, newest first, expired ones among them.
    pub async fn sessions_of(&self, user: UserId) -> Result<Vec<Session>> {
        let user = user.to_string();
        dispatch!(self, sessions::of_user(&user))?.into_iter().map(Session::try_from).collect()
    }

    /// Ends a session of the user. False when the user has no such session.
    pub async fn delete_session(&self, user: UserId, id: SessionId) -> Result<bool> {
        let (user, id) = (user.to_string(), id.to_string());
        dispatch!(self, sessions::delete(&user, &id))
    }

    /// Removes the sessions that were not used since `idle_since` or have expired at `now`, and returns their number.
    pub async fn delete_expired_sessions(&self, idle_since: Timestamp, now: Timestamp) -> Result<u64> {
        let (idle_since, now) = (millis(idle_since), millis(now));
        let deleted = dispatch!(self, sessions::delete_expired(idle_since, now))?;
        deleted.try_into().map_err(corrupt("number of sessions"))
    }
}
