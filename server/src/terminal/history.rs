//! History and screen of an agent's terminal as plain text: read from ttyd, and answered at `GET /agent-terminal/{id}/history`.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use domain::{
    AgentId,
    terminal::Size,
    ttyd::{self as wire, FromTtyd},
};
use futures::{SinkExt as _, StreamExt as _, future::BoxFuture};
use http::header;
use runtime::Duplex;
use secrecy::SecretString;
use serde::Deserialize;
use services::ReadHistory;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::{
    limits::{HISTORY_DEADLINE, HISTORY_TEXT_LINES, HISTORY_TEXT_MAX},
    prelude::{self, Piece, Prelude},
    ttyd::{self, Attached, TtydSocket},
};
use crate::{
    AppState,
    http::{
        Problem,
        extract::{PathId, Query, SignedIn},
    },
};

/// The size that ttyd is told; the window keeps its own.
const SIZE: Size = Size { cols: 80, rows: 24 };

/// Reads the history of a terminal as text.
#[derive(Debug, Clone, Copy)]
pub struct HistoryReader;

impl ReadHistory for HistoryReader {
    fn read(&self, stream: Box<dyn Duplex>, ttyd_auth_token: SecretString) -> BoxFuture<'static, Option<String>> {
        let reading = async move {
            let attached = ttyd::attach(stream, &ttyd_auth_token, SIZE).await.ok()?;
            read(attached).await
        };
        Box::pin(async move { timeout(HISTORY_DEADLINE, reading).await.ok().flatten() })
    }
}

/// What a browser shall do with a history.
#[derive(Deserialize)]
pub struct Shown {
    /// To be read in the browser; else it is saved.
    #[serde(default)]
    inline: bool,
}

/// Answers with a text file.
pub async fn history(
    SignedIn(caller): SignedIn,
    PathId(id): PathId<AgentId>,
    Query(Shown { inline }): Query<Shown>,
    State(state): State<AppState>,
) -> Result<Response, Problem> {
    let disposition = if inline { "inline" } else { "attachment" };
    let (name, text) = state.services.terminals().history(&caller, id).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        // Names of agents have letters, digits and hyphens only.
        (header::CONTENT_DISPOSITION, format!("{disposition}; filename=\"{name}.txt\"")),
    ];
    Ok((headers, text).into_response())
}

/// Asks for the history and reads it to its end.
async fn read(Attached { mut socket, first }: Attached) -> Option<String> {
    let (mut prelude, mut text) = (Prelude::default(), Vec::new());
    let mut message = Some(first);
    loop {
        if let Some(FromTtyd::Output(output)) = message.as_deref().map(wire::decode) {
            for piece in prelude.read(output) {
                match piece {
                    Piece::Greeting => ask(&mut socket).await?,
                    Piece::Output(bytes) => text.extend_from_slice(&bytes),
                    Piece::End => return Some(String::from_utf8_lossy(&text).replace("\r\n", "\n")),
                    Piece::Shell(_) | Piece::Ready => {}
                    // An agent that knows no requests shows a screen instead of text.
                    Piece::Screen => return None,
                }
            }
        }
        if text.len() > HISTORY_TEXT_MAX {
            return None;
        }
        message = match socket.next().await?.ok()? {
            Message::Binary(bytes) => Some(bytes),
            _ => None,
        };
    }
}

async fn ask(socket: &mut TtydSocket) -> Option<()> {
    let request = wire::encode_input(&prelude::request_history(HISTORY_TEXT_LINES));
    socket.send(Message::Binary(request.into())).await.ok()
}
