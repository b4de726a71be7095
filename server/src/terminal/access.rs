//! The right to look at a terminal, for as long as it is open: it ends with the session or token, and with the agent.

use std::time::Duration;

use domain::{AgentId, terminal::End};
use http::{HeaderMap, header};
use services::{Caller, Error, Services, TerminalWatch, Watched};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::{end, limits::RECHECK_EVERY};
use crate::middleware::authenticate::caller_of;

/// What gives the right to one terminal.
pub struct Access {
    services: Services,
    caller: Caller,
    /// The headers that proved who the caller is, and nothing else.
    proof: HeaderMap,
    watch: TerminalWatch,
    recheck_every: Duration,
}

impl Access {
    /// The caller's right to the terminal of one of their agents, proved by the headers of their request.
    pub async fn new(services: Services, caller: Caller, agent: AgentId, headers: &HeaderMap) -> Result<Self, Error> {
        let watch = services.terminals().watch(&caller, agent).await?;
        let mut proof = HeaderMap::new();
        for name in [header::AUTHORIZATION, header::COOKIE] {
            for value in headers.get_all(&name) {
                let mut value = value.clone();
                value.set_sensitive(true);
                proof.append(&name, value);
            }
        }
        Ok(Self { services, caller, proof, watch, recheck_every: RECHECK_EVERY })
    }

    /// Checked again as often as this.
    pub fn rechecked(self, recheck_every: Duration) -> Self {
        Self { recheck_every, ..self }
    }

    /// Resolves with the last word when the right ends, or when the agent has no terminal for good.
    pub async fn ended(mut self) -> End {
        let mut recheck = interval_at(Instant::now() + self.recheck_every, self.recheck_every);
        recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let end = tokio::select! {
                watched = self.watch.next() => match watched {
                    Watched::Agent(agent) => end::of_agent(&agent),
                    Watched::Gone => Some(end::not_found()),
                    Watched::SignedOut => Some(end::unauthorized()),
                },
                _ = recheck.tick() => (!self.is_still_signed_in().await).then(end::unauthorized),
            };
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// A database that does not answer takes nobody's terminal away: the next check tells.
    async fn is_still_signed_in(&self) -> bool {
        let client = self.caller.client.clone();
        match caller_of(&self.services, &self.proof, client).await {
            Ok(Some(caller)) => caller.via == self.caller.via,
            Ok(None) => false,
            Err(problem) => problem.code() != domain::ErrorCode::Unauthorized,
        }
    }
}
