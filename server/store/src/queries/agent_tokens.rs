//! Queries on `agent_tokens`.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Desired;

use super::super::Conn;
use crate::{
    columns::name_of,
    rows::agent::{AgentRow, AgentTokenRow},
    schema::{agent_tokens, agents},
};

/// Makes this the agent's only token. The same token again changes nothing.
pub async fn put(c: &mut Conn, token: &AgentTokenRow) -> QueryResult<()> {
    let known = agent_tokens::table.find(&token.agent_id).select(agent_tokens::secret_hash);
    if known.first::<String>(c).await.optional()?.as_ref() == Some(&token.secret_hash) {
        return Ok(());
    }
    write_tx!(c, async |c| -> QueryResult<_> {
        diesel::delete(agent_tokens::table.find(&token.agent_id)).execute(c).await?;
        diesel::insert_into(agent_tokens::table).values(token).execute(c).await.map(drop)
    })
    .await
}

/// The token and its agent, if that shall run.
pub async fn by_hash(c: &mut Conn, secret_hash: &str) -> QueryResult<Option<(AgentTokenRow, AgentRow)>> {
    let token = agent_tokens::table.inner_join(agents::table).filter(agent_tokens::secret_hash.eq(secret_hash));
    let alive = token.filter(agents::desired.eq(name_of(&Desired::Running)));
    alive.select((AgentTokenRow::as_select(), AgentRow::as_select())).first(c).await.optional()
}

pub async fn delete(c: &mut Conn, agent: &str) -> QueryResult<()> {
    write_tx!(c, async |c| -> QueryResult<_> {
        diesel::delete(agent_tokens::table.find(agent)).execute(c).await.map(drop)
    })
    .await
}
