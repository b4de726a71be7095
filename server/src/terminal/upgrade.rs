//! From an HTTP request to a terminal session. Everything that can be refused without a WebSocket is refused here.

use axum::{
    Extension,
    extract::{
        State,
        ws::{WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use domain::{
    AgentId, ErrorCode,
    terminal::{CLIENT_FRAME_MAX, SUBPROTOCOL},
};
use http::HeaderMap;
use services::Caller;
use tracing::Instrument as _;

use super::{
    access::Access,
    admission::{Admission, Full, Permit},
    bridge,
    connect::AgentTerminal,
    end::{self, Ending},
    limits::{BROWSER_READ_BUFFER, BROWSER_WRITE_BUFFER},
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
    Extension(admission): Extension<Admission>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let access = Access::new(state.services.clone(), caller.clone(), id, &headers).await?;
    let upgrade = upgrade.map_err(|_| not_a_terminal_client())?.protocols([SUBPROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return Err(not_a_terminal_client());
    }
    let upgrade = upgrade
        .read_buffer_size(BROWSER_READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(BROWSER_WRITE_BUFFER)
        .max_message_size(MESSAGE_MAX)
        .max_frame_size(MESSAGE_MAX);
    // The place is taken before the answer, so that a client that opens many at once cannot slip through.
    let permit = admission.admit(caller.user.id);
    let span = tracing::info_span!("terminal", agent.id = %id, user.id = %caller.user.id);
    Ok(upgrade.on_upgrade(move |socket| serve(socket, state, caller, id, access, permit).instrument(span)))
}

async fn serve(
    socket: WebSocket,
    state: AppState,
    caller: Caller,
    agent: AgentId,
    access: Access,
    permit: Result<Permit, Full>,
) {
    // The process does not end before this session has said its last word.
    let _tracked = state.lifecycle.track();
    let counters = state.metrics.terminals().clone();
    let ending = match permit {
        Err(full) => refuse(socket, end::limit(full.to_string())).await,
        Ok(_) if state.lifecycle.is_draining() => refuse(socket, end::draining()).await,
        Ok(_permit) => {
            let _open = state.metrics.terminal_opened();
            tracing::debug!("a terminal was opened");
            let terminal = AgentTerminal { services: state.services, caller, agent, counters: counters.clone() };
            let soft = state.lifecycle.soft().clone();
            let ended = async move {
                tokio::select! {
                    end = access.ended() => end,
                    () = soft.cancelled() => end::draining(),
                }
            };
            bridge::run(socket, terminal, ended).await
        }
    };
    tracing::debug!(reason = ending.label(), "a terminal was closed");
    counters.ended(ending.label());
}

async fn refuse(socket: WebSocket, end: domain::terminal::End) -> Ending {
    bridge::refuse(socket, end.clone()).await;
    Ending::Told(end)
}

fn not_a_terminal_client() -> Problem {
    Problem::new(
        ErrorCode::Invalid,
        format!(
            "This address is for WebSockets with the subprotocol {SUBPROTOCOL}. docs/terminal-protocol.md has more."
        ),
    )
}
