//! Tokens for programs. A token's secret is only ever stored as its SHA-256.

use domain::{Timestamp, Token, TokenId, User, UserId};

use crate::{Result, Store};

impl Store {
    /// Stores a token of the user under the SHA-256 of its secret (64 hexadecimal digits).
    pub async fn insert_token(&self, user: UserId, token: &Token, secret_hash: &str) -> Result<()> {
        let _ = (user, token, secret_hash);
        todo!()
    }

    /// The token with this SHA-256, and its user. Whether it has expired is the caller's to judge.
    pub async fn token_by_hash(&self, secret_hash: &str) -> Result<Option<(Token, User)>> {
        let _ = secret_hash;
        todo!()
    }

    /// The user's tokens, newest first.
    pub async fn tokens_of(&self, user: UserId) -> Result<Vec<Token>> {
        let _ = user;
        todo!()
    }

    /// Revokes a token of the user. False when the user has no such token.
    pub async fn delete_token(&self, user: UserId, id: TokenId) -> Result<bool> {
        let _ = (user, id);
        todo!()
    }

    /// Notes that the token was used.
    pub async fn touch_token(&self, id: TokenId, at: Timestamp) -> Result<()> {
        let _ = (id, at);
        todo!()
    }
}
