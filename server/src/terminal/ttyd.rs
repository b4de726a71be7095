//! The handshake with an agent's ttyd over any stream of bytes. What flows afterwards is the bridge's business.
//!
//! ttyd answers nothing when it refuses (wrong credential, wrong origin, too many clients): it closes the stream.

use axum::body::Bytes;
use domain::{
    terminal::Size,
    ttyd::{self, FromTtyd},
};
use futures::{SinkExt as _, StreamExt as _};
use runtime::Duplex;
use secrecy::{ExposeSecret as _, SecretString};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, Message, client::ClientRequestBuilder, http::Uri, protocol::WebSocketConfig},
};

use super::limits::{TTYD_MESSAGE_MAX, TTYD_READ_BUFFER};

/// ttyd's WebSocket. The host is a name only: the stream is dialled already.
const ADDRESS: &str = "ws://localhost/ws";
/// ttyd is started with `-O`, which asks for an origin that equals the host.
const ORIGIN: &str = "http://localhost";

/// A WebSocket to ttyd.
pub type TtydSocket = WebSocketStream<Box<dyn Duplex>>;

/// A ttyd that has begun to speak.
pub struct Attached {
    /// The socket.
    pub socket: TtydSocket,
    /// Its first message, which has been read already.
    pub first: Bytes,
}

/// Why ttyd did not begin to speak.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// It hung up, which is the only way it has to refuse.
    #[error("ttyd closed the connection: it refused the credential, or it is going down")]
    Refused,
    /// Its answer is not that of a WebSocket server.
    #[error("the handshake with ttyd failed")]
    Broken(#[source] Box<tungstenite::Error>),
}

/// Shakes hands with ttyd, starts its child with this size, and waits for its first word. `credential` is the base64
/// form of `user:password`, which ttyd wants twice. The caller sets the deadline.
pub async fn attach(
    stream: Box<dyn Duplex>,
    credential: &SecretString,
    size: Size,
) -> Result<Attached, HandshakeError> {
    let request = ClientRequestBuilder::new(Uri::from_static(ADDRESS))
        .with_sub_protocol(ttyd::SUBPROTOCOL)
        .with_header("Origin", ORIGIN)
        .with_header("Authorization", format!("Basic {}", credential.expose_secret()));
    let config = WebSocketConfig::default()
        .read_buffer_size(TTYD_READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(TTYD_MESSAGE_MAX))
        .max_frame_size(Some(TTYD_MESSAGE_MAX));
    let (mut socket, _) = client_async_with_config(request, stream, Some(config)).await?;
    let init = ttyd::encode_init(credential.expose_secret(), size.cols, size.rows);
    socket.send(Message::Binary(init.into())).await?;
    while let Some(message) = socket.next().await {
        if let Message::Binary(first) = message?
            && ttyd::decode(&first) != FromTtyd::Unknown
        {
            return Ok(Attached { socket, first });
        }
    }
    Err(HandshakeError::Refused)
}

impl From<tungstenite::Error> for HandshakeError {
    fn from(error: tungstenite::Error) -> Self {
        use tungstenite::{Error, error::ProtocolError};
        match error {
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Io(_)
            | Error::Protocol(ProtocolError::HandshakeIncomplete | ProtocolError::ResetWithoutClosingHandshake) => {
                Self::Refused
            }
            other => Self::Broken(Box::new(other)),
        }
    }
}
