//! The right to look at a terminal, for as long as it is open: it ends with the session or token, and with the agent.

use std::time::Duration;

use domain::{AgentId, terminal::End};
use http::HeaderMap;
use services::{Caller, Error, Services, TerminalWatch, Watched};

use super::{end, limits::RECHECK_EVERY};
use crate::middleware::authenticate::Proof;

/// What gives the right to one terminal.
pub struct Access {
    proof: Proof,
    watch: TerminalWatch,
    recheck_every: Duration,
}

impl Access {
    /// The caller's right to the terminal of one of their agents, proved by the headers of their request.
    pub async fn new(services: Services, caller: Caller, agent: AgentId, headers: &HeaderMap) -> Result<Self, Error> {
        let watch = services.terminals().watch(&caller, agent).await?;
        Ok(Self { proof: Proof::new(services, caller, headers), watch, recheck_every: RECHECK_EVERY })
    }

    /// Checked again as often as this.
    pub fn rechecked(self, recheck_every: Duration) -> Self {
        Self { recheck_every, ..self }
    }

    /// Resolves with the last word when the right ends, or when the agent has no terminal for good.
    pub async fn ended(self) -> End {
        let Self { proof, mut watch, recheck_every } = self;
        let failed = proof.fails(recheck_every);
        tokio::pin!(failed);
        loop {
            let end = tokio::select! {
                watched = watch.next() => match watched {
                    Watched::Agent(agent) => end::of_agent(&agent),
                    Watched::Gone => Some(end::not_found()),
                    Watched::SignedOut => Some(end::unauthorized()),
                },
                () = &mut failed => Some(end::unauthorized()),
            };
            if let Some(end) = end {
                return end;
            }
        }
    }
}
