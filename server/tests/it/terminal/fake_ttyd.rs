//! ttyd as the gateway meets it: the handshake of 1.7.7 and its frames, with nothing behind.

use domain::ttyd;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::{io::DuplexStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
        http::HeaderMap,
    },
};

use super::viewer::PATIENCE;
use crate::support::TestApp;

/// One viewer's connection to ttyd.
pub struct FakeTtyd {
    socket: WebSocketStream<DuplexStream>,
    /// The headers of the upgrade.
    pub headers: HeaderMap,
    /// The first frame.
    pub init: Value,
    /// What `attach.sh` was asked for.
    pub request: String,
}

/// How every screen begins.
pub const SCREEN: &str = "\x1b[H";

impl FakeTtyd {
    /// Takes the next connection and says what ttyd says first: a title with the command line, and preferences; then a screen that
    /// is empty but for a cursor move.
    pub async fn accept(app: &TestApp) -> Self {
        let mut ttyd = Self::greet(app).await;
        ttyd.print(b"\x1b_aiworker session 1.$0.2\x1b\\\x1b_aiworker screen\x1b\\").await.unwrap();
        ttyd.print(SCREEN.as_bytes()).await.unwrap();
        ttyd
    }

    /// Takes the next connection, which asks for the history as text, and gives it this.
    pub async fn give_history(app: &TestApp, text: &str) {
        let mut ttyd = Self::greet(app).await;
        assert!(ttyd.request.starts_with(": history "), "{:?}", ttyd.request);
        let text = text.replace('\n', "\r\n");
        ttyd.print(format!("\x1b_aiworker session 1.$0.2\x1b\\{text}\x1b_aiworker end\x1b\\").as_bytes())
            .await
            .unwrap();
    }

    #[expect(clippy::result_large_err, reason = "the WebSocket library wants it so")]
    async fn greet(app: &TestApp) -> Self {
        let (_, stream) = timeout(PATIENCE, app.runtime.accept()).await.expect("nobody dialled").unwrap();
        let mut headers = HeaderMap::new();
        let look = |request: &Request, mut response: Response| {
            headers = request.headers().clone();
            response.headers_mut().insert("sec-websocket-protocol", ttyd::SUBPROTOCOL.parse().unwrap());
            Ok(response)
        };
        let mut socket = accept_hdr_async(stream, look).await.unwrap();
        let init = socket.next().await.unwrap().unwrap().into_data();
        let mut ttyd = Self { socket, headers, init: serde_json::from_slice(&init).unwrap(), request: String::new() };
        ttyd.send(b"1bwrap --secret-flag (host)").await.unwrap();
        ttyd.send(b"2{\"disableLeaveAlert\":true}").await.unwrap();
        // As `attach.sh` does: says hello and takes the request.
        ttyd.print(b"\x1b_aiworker hello 1\x1b\\").await.unwrap();
        let request = ttyd.next().await.expect("no request came");
        ttyd.request = String::from_utf8(request[1..].to_vec()).unwrap();
        ttyd
    }

    /// Prints, as far as the gateway still listens.
    pub async fn print(&mut self, output: &[u8]) -> Result<(), ()> {
        self.send(&[b"0", output].concat()).await
    }

    async fn send(&mut self, frame: &[u8]) -> Result<(), ()> {
        let sent = timeout(PATIENCE, self.socket.send(Message::Binary(frame.to_vec().into()))).await;
        sent.expect("the gateway does not drain ttyd").map_err(|_| ())
    }

    /// The next frame from the gateway. `None` once it has hung up.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("the gateway sent nothing")? {
                Ok(Message::Binary(frame)) => return Some(frame.to_vec()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Takes whatever comes, until the gateway has hung up.
    pub async fn over(&mut self) {
        while self.next().await.is_some() {}
    }

    /// Everything that is typed until the gateway has sent so many bytes.
    pub async fn typed(&mut self, bytes: usize) -> Vec<u8> {
        let mut typed = Vec::new();
        while typed.len() < bytes {
            let frame = self.next().await.expect("the gateway hung up");
            assert_eq!(frame[0], b'0', "something else than input came");
            typed.extend_from_slice(&frame[1..]);
        }
        typed
    }
}
