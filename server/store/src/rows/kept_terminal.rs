//! Rows of `kept_terminals`.

use diesel::prelude::*;
use domain::{
    UserId,
    terminal::{KeptTerminal, KeptText},
};

use crate::{
    Result,
    columns::{id, millis, moment},
    schema::kept_terminals,
};

/// A row of `kept_terminals`.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = kept_terminals)]
pub struct KeptTerminalRow {
    pub agent_id: String,
    pub user_id: String,
    pub agent_name: String,
    pub captured_at: i64,
    pub content: String,
}

/// A row without its text.
#[derive(Queryable, Selectable)]
#[diesel(table_name = kept_terminals)]
pub struct KeptTerminalFacts {
    pub agent_id: String,
    pub agent_name: String,
    pub captured_at: i64,
}

impl KeptTerminalRow {
    pub fn new(user: UserId, kept: &KeptText) -> Self {
        let KeptText { of: KeptTerminal { agent_id, agent_name, captured_at }, text } = kept;
        Self {
            agent_id: agent_id.to_string(),
            user_id: user.to_string(),
            agent_name: agent_name.clone(),
            captured_at: millis(*captured_at),
            // PostgreSQL keeps no NUL in a text.
            content: text.replace('\0', "\u{fffd}"),
        }
    }
}

/// That something is kept.
pub fn facts(row: KeptTerminalFacts) -> Result<KeptTerminal> {
    let captured_at = moment("time of a kept terminal", row.captured_at)?;
    Ok(KeptTerminal { agent_id: id("agent id", &row.agent_id)?, agent_name: row.agent_name, captured_at })
}

/// What is kept.
pub fn text(row: KeptTerminalRow) -> Result<KeptText> {
    let KeptTerminalRow { agent_id, user_id: _, agent_name, captured_at, content } = row;
    Ok(KeptText { of: facts(KeptTerminalFacts { agent_id, agent_name, captured_at })?, text: content })
}
