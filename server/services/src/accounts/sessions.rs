//! Browser sessions: how they begin, when they expire, and how expired ones are cleared away.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{Session, SessionId, Timestamp, User, UserId};
use secrecy::{ExposeSecret as _, SecretString};
use store::NewSession;

use super::SignedIn;
use crate::{
    Inner,
    caller::ClientInfo,
    clock::{elapsed, later},
    secret,
};

/// How often expired sessions are cleared away at most. Sign-ins do it, so that no task of its own is needed.
const SWEEP_EVERY: Duration = Duration::from_hours(1);

/// When expired sessions were last cleared away.
#[derive(Debug, Default)]
pub(crate) struct Sweep(Mutex<Timestamp>);

impl Sweep {
    /// Whether it is time again. Says so to one caller only.
    fn is_due(&self, now: Timestamp) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = elapsed(*last, now) >= SWEEP_EVERY;
        if due {
            *last = now;
        }
        due
    }
}

impl Inner {
    /// A session that begins now, with its secret.
    pub(super) fn new_session(&self, user_id: UserId, client: &ClientInfo) -> (NewSession, SecretString) {
        let secret = secret::session(&*self.entropy);
        let (id, created_at) = self.ids.next();
        let ClientInfo { address, user_agent } = client.clone();
        let session = NewSession {
            id: SessionId::from_uuid(id),
            user_id,
            secret_hash: secret::hash(secret.expose_secret()),
            created_at,
            expires_at: later(created_at, self.settings.session_absolute),
            user_agent,
            address,
        };
        (session, secret)
    }

    pub(super) fn signed_in(&self, user: User, secret: SecretString, expires_at: Timestamp) -> SignedIn {
        SignedIn { user, secret, expires_at, max_age: elapsed(self.clock.now(), expires_at) }
    }

    /// Whether the session has lain unused for too long or has come to its end.
    pub(super) fn has_expired(&self, session: &Session, now: Timestamp) -> bool {
        now >= session.expires_at || elapsed(session.last_seen_at, now) >= self.settings.session_idle
    }

    /// Clears expired sessions away, from time to time.
    pub(super) async fn sweep_sessions(&self) {
        let now = self.clock.now();
        if self.sweep.is_due(now) {
            let idle_since = now.checked_sub(self.settings.session_idle).unwrap_or(Timestamp::MIN);
            if let Err(error) = self.store.delete_expired_sessions(idle_since, now).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "expired sessions could not be cleared away");
            }
        }
    }
}
