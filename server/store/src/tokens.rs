//! Tokens for programs. A token's secret is only ever stored as its SHA-256.

use domain::{AgentId, Timestamp, Token, TokenId, User, UserId};

use crate::{
    AgentTokenRecord, Result, Store,
    columns::{id as read_id, millis},
    rows::{agent::AgentTokenRow, token::TokenRow},
};

impl Store {
    /// Stores a token of the user under the SHA-256 of its secret (64 hexadecimal digits). False when the user is gone or
    /// being deleted.
    pub async fn insert_token(&self, user: UserId, token: &Token, secret_hash: &str) -> Result<bool> {
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

    /// Makes the token with this SHA-256 the agent's only one. The same token again changes nothing.
    pub async fn put_agent_token(&self, agent: AgentId, id: TokenId, secret_hash: &str, now: Timestamp) -> Result<()> {
        let row = AgentTokenRow {
            agent_id: agent.to_string(),
            id: id.to_string(),
            secret_hash: secret_hash.to_owned(),
            created_at: millis(now),
        };
        dispatch!(self, agent_tokens::put(&row))
    }

    /// The agent with the token of this SHA-256, if it shall run: the token of one that shall not is dead.
    pub async fn agent_token_by_hash(&self, secret_hash: &str) -> Result<Option<AgentTokenRecord>> {
        let secret_hash = secret_hash.to_owned();
        let found = dispatch!(self, agent_tokens::by_hash(&secret_hash))?;
        let record = found.map(|(token, agent)| {
            Ok(AgentTokenRecord {
                id: read_id("token id", &token.id)?,
                agent_id: read_id("agent id", &agent.id)?,
                agent_name: agent.name,
                user_id: read_id("user id", &agent.user_id)?,
                project_id: read_id("project id", &agent.project_id)?,
            })
        });
        record.transpose()
    }

    /// Forgets the agent's token.
    pub async fn delete_agent_token(&self, agent: AgentId) -> Result<()> {
        let agent = agent.to_string();
        dispatch!(self, agent_tokens::delete(&agent))
    }
}
