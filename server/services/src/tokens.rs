//! Use cases of personal tokens. A token cannot make or revoke tokens: that needs a browser session.

use std::sync::Arc;

use domain::{AuditAction, NewToken, Outcome, Token, TokenCreated, TokenId, TokenKind};
use secrecy::ExposeSecret as _;

use crate::{
    Inner,
    caller::Caller,
    clock::later,
    error::{Error, Object},
    live::Ended,
    policy::{self, Action},
    secret, to_the_end,
};

pub(crate) mod agent;
pub(crate) mod form;

/// A day, in the unit of clocks.
const DAY: std::time::Duration = std::time::Duration::from_hours(24);

/// Use cases of personal tokens.
#[derive(Clone)]
pub struct Tokens(pub(crate) Arc<Inner>);

impl Tokens {
    /// Makes a personal token. Its secret is in the answer and nowhere else.
    pub async fn create(&self, caller: &Caller, input: NewToken) -> Result<TokenCreated, Error> {
        let owner = policy::authorize(caller, Action::CreateToken)?;
        let NewToken { name, expires_in_days } = input.validate()?;
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        to_the_end(async move {
            let secret = form::generate(form::PERSONAL, &*inner.entropy);
            let (id, now) = inner.ids.next();
            let token = Token {
                id: TokenId::from_uuid(id),
                kind: TokenKind::Personal,
                name,
                last_four: form::last_four(&secret),
                created_at: now,
                expires_at: later(now, DAY * expires_in_days),
                last_used_at: None,
            };
            if !inner.store.insert_token(owner.id(), &token, &secret::hash(secret.expose_secret())).await? {
                return Err(Error::Forbidden("This account is being deleted."));
            }
            inner.audit(&caller, AuditAction::CreateToken, Some(token.id.to_string()), Outcome::Ok).await;
            Ok(TokenCreated { token, secret: secret.expose_secret().to_owned() })
        })
        .await
    }

    /// The caller's tokens, newest first.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Token>, Error> {
        let owner = policy::authorize(caller, Action::ListTokens)?;
        Ok(self.0.store.tokens_of(owner.id()).await?)
    }

    /// Revokes a token of the caller's and ends what was opened with it.
    pub async fn revoke(&self, caller: &Caller, id: TokenId) -> Result<(), Error> {
        let owner = policy::authorize(caller, Action::RevokeToken)?;
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        to_the_end(async move {
            if !inner.store.delete_token(owner.id(), id).await? {
                return Err(Error::NotFound(Object::Token));
            }
            inner.live.end(owner.id(), Ended::Token(id));
            inner.audit(&caller, AuditAction::RevokeToken, Some(id.to_string()), Outcome::Ok).await;
            Ok(())
        })
        .await
    }
}
