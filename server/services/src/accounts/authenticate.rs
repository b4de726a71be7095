//! From a secret to a caller. Runs on every request, so it writes at most once a minute per secret.

use std::time::Duration;

use domain::{Timestamp, TokenKind};
use store::StoreError;

use super::Accounts;
use crate::{
    caller::{Caller, ClientInfo, Via},
    clock::elapsed,
    error::Error,
    secret,
    tokens::form,
};

/// How exactly the last use of a session or token is known.
const LAST_USE_EVERY: Duration = Duration::from_mins(1);

impl Accounts {
    /// Who comes with this session's secret; nobody when it is unknown or expired.
    pub async fn authenticate_session(&self, secret: &str, client: ClientInfo) -> Result<Option<Caller>, Error> {
        if !secret::is_session(secret) {
            return Ok(None);
        }
        let now = self.0.clock.now();
        let record = self.0.store.session_by_hash(&secret::hash(secret)).await?;
        let Some(record) = record.filter(|record| !self.0.has_expired(&record.session, now)) else { return Ok(None) };
        if is_old(Some(record.session.last_seen_at), now) {
            not_fatal(self.0.store.touch_session(record.session.id, now).await);
        }
        Ok(Some(Caller { user: record.user, via: Via::Session(record.session.id), client }))
    }

    /// Who comes with this personal token; nobody when it is unknown, expired or an agent's.
    pub async fn authenticate_token(&self, secret: &str, client: ClientInfo) -> Result<Option<Caller>, Error> {
        if !form::is_token(form::PERSONAL, secret) {
            return Ok(None);
        }
        let now = self.0.clock.now();
        let found = self.0.store.token_by_hash(&secret::hash(secret)).await?;
        let valid = found.filter(|(token, _)| token.kind == TokenKind::Personal && now < token.expires_at);
        let Some((token, user)) = valid else { return Ok(None) };
        if is_old(token.last_used_at, now) {
            not_fatal(self.0.store.touch_token(token.id, now).await);
        }
        Ok(Some(Caller { user, via: Via::PersonalToken(token.id), client }))
    }
}

fn is_old(last: Option<Timestamp>, now: Timestamp) -> bool {
    last.is_none_or(|last| elapsed(last, now) >= LAST_USE_EVERY)
}

/// A request is not refused because the time of its secret's last use could not be noted.
fn not_fatal(outcome: Result<(), StoreError>) {
    if let Err(error) = outcome {
        tracing::warn!(error = &error as &dyn std::error::Error, "the last use of a secret could not be noted");
    }
}
