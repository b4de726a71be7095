//! Finds out who asks. Handlers and server functions find the [`Caller`] in the request's extensions, or the [`Worker`]
//! when an agent asks.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};
use services::{Caller, ClientInfo, Services, Worker};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::http::Problem;

/// Where tools are called, by agents that must know whether to call again.
const TOOLS: &str = "/api/mcp/";

/// The middleware. Nobody at all is fine here: what needs somebody refuses by itself.
pub async fn layer(State(services): State<Services>, mut request: Request, next: Next) -> Response {
    let client = request.extensions().get::<ClientInfo>().cloned().unwrap_or_default();
    let is_tool = request.uri().path().starts_with(TOOLS);
    let refused = |problem: Problem| if is_tool { problem.for_tools() } else { problem }.into_response();
    match worker_of(&services, request.headers()).await {
        // An agent is no user: what needs one refuses.
        Ok(Some(worker)) => {
            request.extensions_mut().insert(worker);
            return next.run(request).await;
        }
        Ok(None) => {}
        Err(problem) => return refused(problem),
    }
    match caller_of(&services, request.headers(), client).await {
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
        }
        Ok(None) => {}
        Err(problem) => return refused(problem),
    }
    next.run(request).await
}

/// The agent whose token came. Cookies do not matter to it.
async fn worker_of(services: &Services, headers: &HeaderMap) -> Result<Option<Worker>, Problem> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(secret) = value.and_then(bearer) else { return Ok(None) };
    Ok(services.tokens().authenticate_agent(secret).await?)
}

/// The token's owner if a token came, whatever the cookie; else the session's user. A token that does not work is
/// refused, because its sender believes to be somebody; a session that has ended is nobody.
pub async fn caller_of(
    services: &Services,
    headers: &HeaderMap,
    client: ClientInfo,
) -> Result<Option<Caller>, Problem> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let secret = value.to_str().ok().and_then(bearer).ok_or_else(Problem::unauthorized)?;
        let caller = services.accounts().authenticate_token(secret, client).await?;
        return caller.map(Some).ok_or_else(Problem::unauthorized);
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let Some(secret) = cookies.into_iter().find_map(|header| services.cookie().read(header)) else { return Ok(None) };
    Ok(services.accounts().authenticate_session(secret, client).await?)
}

/// What proved who a caller is, for what stays open: it must end with the session or token, also when another server ended
/// that.
pub struct Proof {
    services: Services,
    caller: Caller,
    /// The headers that proved it, and nothing else.
    headers: HeaderMap,
}

impl Proof {
    /// What proved that this is the caller.
    pub fn new(services: Services, caller: Caller, headers: &HeaderMap) -> Self {
        let mut proof = HeaderMap::new();
        for name in [header::AUTHORIZATION, header::COOKIE] {
            for value in headers.get_all(&name) {
                let mut value = value.clone();
                value.set_sensitive(true);
                proof.append(&name, value);
            }
        }
        Self { services, caller, headers: proof }
    }

    /// Whether it still does. A database that does not answer takes nothing away from anybody: the next check tells.
    async fn holds(&self) -> bool {
        match caller_of(&self.services, &self.headers, self.caller.client.clone()).await {
            Ok(Some(caller)) => caller.via == self.caller.via,
            Ok(None) => false,
            Err(problem) => problem.code() != domain::ErrorCode::Unauthorized,
        }
    }

    /// Resolves when it does not any more. Asks so often.
    pub async fn fails(&self, recheck_every: Duration) {
        let mut recheck = interval_at(Instant::now() + recheck_every, recheck_every);
        recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            recheck.tick().await;
            if !self.holds().await {
                return;
            }
        }
    }
}

/// The secret in an `Authorization` header of the form `Bearer …`.
pub fn bearer(value: &str) -> Option<&str> {
    let (scheme, secret) = value.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}
