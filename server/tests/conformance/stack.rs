//! The product's transport around the fixture, with a gate before it as the product has one, and a mount that brings the
//! token along, because the suite cannot send one.

use std::sync::Arc;

use axum::{
    Router, extract::Request, middleware::Next, middleware::from_fn, response::IntoResponse, routing::any_service,
};
use http::{HeaderValue, StatusCode, header};
use rmcp::transport::{
    StreamableHttpServerConfig, StreamableHttpService,
    streamable_http_server::{
        SessionManager,
        session::{local::LocalSessionManager, never::NeverSessionManager},
    },
};
use server::{
    lifecycle::Lifecycle,
    listener,
    mcp::{PATH, Reach, configuration},
    middleware::authenticate::bearer,
};
use tokio::{net::TcpListener, sync::watch};

use crate::fixture::{Fixture, Lists};

const TOKEN: &str = "conformance";
const BODY_LIMIT: usize = 1024 * 1024;

/// Whether the server remembers its clients of the older revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sessions {
    /// The product's configuration, with nothing changed.
    None,
    /// The same with sessions, for what the older revision cannot do without.
    InMemory,
}

/// The fixture, served until the test ends.
pub struct Served {
    /// Where the token is brought along.
    pub url: String,
    /// Where it is not.
    pub gated: String,
    lifecycle: Lifecycle,
}

impl Served {
    pub async fn start(sessions: Sessions) -> Self {
        let lifecycle = Lifecycle::default();
        let mount = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bare = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = |listener: &TcpListener| format!("http://{}{PATH}", listener.local_addr().unwrap());
        let served = Self { url: address(&mount), gated: address(&bare), lifecycle };
        let reach = Reach { hosts: ["127.0.0.1", "localhost"].map(str::to_owned).into(), origin: None };
        let gated = served.router(sessions, &reach).layer(from_fn(gate));
        let open = gated.clone().layer(from_fn(bring_token));
        for (listener, router) in [(mount, open), (bare, gated)] {
            tokio::spawn(listener::serve(listener, router, served.lifecycle.clone()));
        }
        served
    }

    fn router(&self, sessions: Sessions, reach: &Reach) -> Router {
        let product = configuration(reach, BODY_LIMIT, self.lifecycle.hard().clone());
        match sessions {
            Sessions::None => route(NeverSessionManager::default(), product),
            Sessions::InMemory => {
                let remembering = product.with_legacy_session_mode(true).with_json_response(false);
                route(LocalSessionManager::default(), remembering)
            }
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.lifecycle.soft().cancel();
        self.lifecycle.hard().cancel();
    }
}

fn route<M: SessionManager>(sessions: M, configuration: StreamableHttpServerConfig) -> Router {
    let lists = watch::Sender::new(Lists::default());
    let fixture = move || Ok(Fixture::new(lists.clone()));
    Router::new().route(PATH, any_service(StreamableHttpService::new(fixture, Arc::new(sessions), configuration)))
}

async fn gate(request: Request, next: Next) -> axum::response::Response {
    let sent = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
    if sent == Some(TOKEN) { next.run(request).await } else { StatusCode::UNAUTHORIZED.into_response() }
}

async fn bring_token(mut request: Request, next: Next) -> axum::response::Response {
    let token = HeaderValue::from_str(&format!("Bearer {TOKEN}")).unwrap();
    request.headers_mut().insert(header::AUTHORIZATION, token);
    next.run(request).await
}
