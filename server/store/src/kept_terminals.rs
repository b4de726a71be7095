//! What was last on the terminals of agents. It stays when the agent goes.

use domain::{
    AgentId, Timestamp, UserId,
    terminal::{KeptTerminal, KeptText},
};

use crate::{
    Result, Store,
    columns::{id, millis, moment},
    rows::kept_terminal::{self, KeptTerminalRow},
};

impl Store {
    /// Keeps what is on a terminal of the user's agent, in place of what was kept before.
    pub async fn keep_terminal(&self, user: UserId, kept: &KeptText) -> Result<()> {
        let row = KeptTerminalRow::new(user, kept);
        dispatch!(self, kept_terminals::put(&row))
    }

    /// What is kept of the terminal of the user's agent.
    pub async fn kept_terminal(&self, user: UserId, agent: AgentId) -> Result<Option<KeptText>> {
        let (user, agent) = (user.to_string(), agent.to_string());
        dispatch!(self, kept_terminals::one(&user, &agent))?.map(kept_terminal::text).transpose()
    }

    /// When the terminal of an agent was read last. For the reconciler only.
    pub async fn terminal_kept_at(&self, agent: AgentId) -> Result<Option<Timestamp>> {
        let agent = agent.to_string();
        let at = dispatch!(self, kept_terminals::captured_at(&agent))?;
        at.map(|at| moment("time of a kept terminal", at)).transpose()
    }

    /// When each terminal was read last, those of gone agents among them. For the reconciler only.
    pub async fn terminals_kept_at(&self) -> Result<Vec<(AgentId, Timestamp)>> {
        let rows = dispatch!(self, kept_terminals::all_captured_at())?;
        let kept = |(agent, at): (String, i64)| Ok((id("agent id", &agent)?, moment("time of a kept terminal", at)?));
        rows.into_iter().map(kept).collect()
    }

    /// The user's terminals that are kept although their agents are gone, newest first.
    pub async fn terminals_of_gone_agents(&self, user: UserId, limit: u32) -> Result<Vec<KeptTerminal>> {
        let (user, limit) = (user.to_string(), i64::from(limit));
        let rows = dispatch!(self, kept_terminals::of_gone_agents(&user, limit))?;
        rows.into_iter().map(kept_terminal::facts).collect()
    }

    /// Forgets what was read before this time.
    pub async fn forget_terminals(&self, before: Timestamp) -> Result<()> {
        let before = millis(before);
        dispatch!(self, kept_terminals::forget(before))
    }
}
