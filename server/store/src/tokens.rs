//! Tokens for programs. A token's secret is only ever stored as its SHA-256.

use domain::{Timestamp, Token, TokenId, User, UserId};

use crate::{Result, Store, columns::millis, rows::token::TokenRow};

impl Store {
    /// Stores a token of the user under the SHA-256 of its secret (64 hexadecimal digits).
    pub async fn insert_token(&self, user: UserId, token: &Token, secret_hash: &str) -> Result<()> {
        let row = TokenRow::new(user, token, secret_hash);
        dispatch!(self, tokens::insert(&row))
    }

    /// The token with this SHA-256, and its user. Whether it has expired is the caller's to judge.
    pub async fn token_by_hash(&self, secret_hash: &str) -> Result<Option<(Token, User)>> {
        let secret_hash = secret_hash.to_owned();
        let found = dispatch!(self, tokens::by_hash(&secret_hash))?;
        found.map(|(token, user)| Ok((token.try_into()?, user.try_into()?))).transpose()
    }

    /// The user's tokens, newest first.
    pub async fn tokens_of(&self, user: UserId) -> Result<Vec<Token>> {
        let user = user.to_string();
        dispatch!(self, tokens::of_user(&user))?.into_iter().map(Token::try_from).collect()
    }

    /// Revokes a token of the user. False when the user has no such token.
    pub async fn delete_token(&self, user: UserId, id: TokenId) -> Result<bool> {
        let (user, id) = (user.to_string(), id.to_string());
        dispatch!(self, tokens::delete(&user, &id))
    }

    /// Notes that the token was used.
    pub async fn touch_token(&self, id: TokenId, at: Timestamp) -> Result<()> {
        let (id, at) = (id.to_string(), millis(at));
        dispatch!(self, tokens::touch(&id, at))
    }
}
