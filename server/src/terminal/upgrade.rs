//! From an HTTP request to a terminal session. Everything that can be refused without a WebSocket is refused here.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{
        State,
        ws::{Message, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use domain::{
    AgentId, ErrorCode,
    terminal::{CLIENT_FRAME_MAX, ClientFrame, End, Hello, SUBPROTOCOL, SUBPROTOCOL_BEFORE},
};
use futures::future::BoxFuture;
use http::HeaderMap;
use services::Caller;
use tokio::{
    sync::mpsc::error::SendError,
    time::{Instant, timeout},
};
use tracing::Instrument as _;

use super::{
    access::Access,
    admission::Permit,
    bridge::{self, BrowserLeg, Place},
    connect::AgentTerminal,
    end::{self, Ending},
    leg::{Leg, LegEvent},
    limits::{BROWSER_READ_BUFFER, BROWSER_WRITE_BUFFER, BROWSER_WRITE_TOGETHER, DRAIN_SPREAD_MS, HELLO_DEADLINE},
    registry::{Owner, Registry, Visitor},
    session::Session,
};
use crate::{
    AppState,
    http::{
        Problem,
        extract::{PathId, SignedIn},
    },
};

/// A message a little too large is still read, so that the client is told which limit it broke.
const MESSAGE_MAX: usize = CLIENT_FRAME_MAX + 4 * 1024;

/// `GET /agent-terminal/{id}/ws`. Another's agent and none at all look the same, WebSocket or not; the origin has been
/// checked by the middleware.
pub async fn upgrade(
    SignedIn(caller): SignedIn,
    PathId(id): PathId<AgentId>,
    State(state): State<AppState>,
    Extension(registry): Extension<Registry>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let access = Access::new(state.services.clone(), caller.clone(), id, &headers)
        .await?
        .rechecked(registry.limits().recheck_every);
    let upgrade = upgrade.map_err(|_| not_a_terminal_client())?.protocols([SUBPROTOCOL, SUBPROTOCOL_BEFORE]);
    let is_current = match upgrade.selected_protocol() {
        Some(protocol) => protocol.as_bytes() == SUBPROTOCOL.as_bytes(),
        None => return Err(not_a_terminal_client()),
    };
    let upgrade = upgrade
        .read_buffer_size(BROWSER_READ_BUFFER)
        .write_buffer_size(BROWSER_WRITE_TOGETHER)
        .max_write_buffer_size(BROWSER_WRITE_BUFFER)
        .max_message_size(MESSAGE_MAX)
        .max_frame_size(MESSAGE_MAX);
    // The place is taken before the answer, so that a client that opens many at once cannot slip through.
    let permit = registry.admit(caller.user.id);
    let span = tracing::info_span!("terminal", agent.id = %id, user.id = %caller.user.id);
    let door = Door { state, registry, caller, agent: id };
    Ok(upgrade.on_upgrade(move |socket| {
        async move {
            let leg = Leg::new(socket);
            // The process does not end before this session has said its last word.
            let _tracked = door.state.lifecycle.track();
            match permit {
                Err(full) => door.refuse(leg, end::limit(full.to_string())).await,
                Ok(_) if !is_current => door.refuse(leg, end::outdated()).await,
                Ok(permit) => door.enter(leg, access, permit).await,
            }
        }
        .instrument(span)
    }))
}

/// One connection's way to a session.
struct Door {
    state: AppState,
    registry: Registry,
    caller: Caller,
    agent: AgentId,
}

impl Door {
    async fn refuse(&self, leg: BrowserLeg, end: End) {
        bridge::refuse(leg, &end).await;
        self.closed(&Ending::Told(end));
    }

    async fn enter(self, mut leg: BrowserLeg, access: Access, permit: Permit) {
        let mut ended = self.end_of(access);
        let hello = tokio::select! {
            hello = greet(&mut leg) => hello,
            end = ended.as_mut() => Err(Some(end)),
        };
        match hello {
            Ok(hello) => self.visit(leg, hello, ended, permit).await,
            Err(Some(end)) => self.refuse(leg, end).await,
            Err(None) => self.closed(&Ending::Gone),
        }
    }

    /// Resolves when the right to look ends, or when the server goes down.
    fn end_of(&self, access: Access) -> BoxFuture<'static, End> {
        let soft = self.state.lifecycle.soft().clone();
        let services = self.state.services.clone();
        Box::pin(async move {
            tokio::select! {
                biased;
                () = soft.cancelled() => end::draining(services.terminals().random_below(DRAIN_SPREAD_MS)),
                end = access.ended() => end,
            }
        })
    }

    async fn visit(self, leg: BrowserLeg, hello: Hello, ended: BoxFuture<'static, End>, permit: Permit) {
        let owner = Owner { user: self.caller.user.id, agent: self.agent, mode: hello.mode };
        let presence = self.registry.enter(owner, permit, self.state.metrics.terminal_opened());
        let mut visitor = Visitor { leg, hello, ended, presence };
        if let Some(resume) = &visitor.hello.resume
            && let Some(session) = self.registry.find(&resume.session, owner)
        {
            match session.send(visitor).await {
                Ok(()) => return,
                // It ended at this very moment.
                Err(SendError(returned)) => visitor = returned,
            }
        }
        let key = self.state.services.terminals().session_key();
        let session = Session::new(key.clone(), &visitor.hello, self.registry.limits().keep_for, Instant::now());
        let entry = self.registry.register(key, owner);
        tracing::debug!(mode = ?owner.mode, "a terminal was opened");
        let terminal = AgentTerminal {
            services: self.state.services.clone(),
            caller: self.caller.clone(),
            agent: self.agent,
            counters: self.state.metrics.terminals().clone(),
            mode: owner.mode,
            attachment: self.state.services.terminals().random_below(u32::MAX),
            is_audited: Arc::default(),
        };
        let place = Place { registry: self.registry.clone(), entry, user: owner.user };
        let ending = bridge::run(session, visitor, terminal.clone(), place).await;
        terminal.closed().await;
        self.closed(&ending);
    }

    fn closed(&self, ending: &Ending) {
        tracing::debug!(reason = ending.label(), "a terminal was closed");
        self.state.metrics.terminals().ended(ending.label());
    }
}

/// Waits for hello. What comes instead is told to the client, if it is still there.
async fn greet(leg: &mut BrowserLeg) -> Result<Hello, Option<End>> {
    let first = async {
        loop {
            match leg.event(true).await {
                LegEvent::Message(Message::Binary(frame)) => {
                    return match ClientFrame::decode(&frame) {
                        Ok(ClientFrame::Hello(hello)) => Ok(hello),
                        Ok(_) => Err(Some(end::protocol("its first frame was not hello"))),
                        Err(error) => Err(Some(end::not_a_frame(&error))),
                    };
                }
                LegEvent::Message(Message::Text(_)) => {
                    return Err(Some(end::protocol("it sent text instead of binary frames")));
                }
                LegEvent::Message(Message::Ping(_) | Message::Pong(_)) | LegEvent::Drained => {}
                LegEvent::Message(Message::Close(_)) | LegEvent::Failed(_) | LegEvent::Closed => return Err(None),
            }
        }
    };
    let first = timeout(HELLO_DEADLINE, first).await;
    first.unwrap_or_else(|_| Err(Some(end::protocol("it did not say hello in time"))))
}

fn not_a_terminal_client() -> Problem {
    Problem::new(
        ErrorCode::Invalid,
        format!(
            "This address is for WebSockets with the subprotocol {SUBPROTOCOL}. docs/terminal-protocol.md has more."
        ),
    )
}
