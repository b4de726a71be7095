//! A client of the terminal protocol.

use std::{net::SocketAddr, time::Duration};

use domain::{
    AgentId,
    terminal::{ClientFrame, End, SUBPROTOCOL, ServerFrame, Size, Welcome},
};
use futures::{SinkExt as _, StreamExt as _};
use http::HeaderMap;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _},
};

use crate::support::Client;

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An open terminal.
pub struct Viewer {
    pub socket: WebSocketStream<TcpStream>,
    /// Output bytes since the last welcome, which the numbers of the frames are held against.
    seq: u64,
}

/// The status and the body of a refused upgrade.
pub type Refused = (u16, String);

impl Viewer {
    /// Opens a terminal as our own page would.
    pub async fn connect(address: SocketAddr, browser: &Client, agent: AgentId) -> Result<Self, Refused> {
        let mut headers = browser.headers().clone();
        headers.insert("origin", format!("http://{address}").parse().unwrap());
        headers.insert("sec-websocket-protocol", SUBPROTOCOL.parse().unwrap());
        Self::connect_with(address, &headers, &agent.to_string()).await
    }

    /// Opens a terminal with exactly these headers.
    pub async fn connect_with(address: SocketAddr, headers: &HeaderMap, agent: &str) -> Result<Self, Refused> {
        let mut request = format!("ws://{address}/agent-terminal/{agent}/ws").into_client_request().unwrap();
        request.headers_mut().extend(headers.clone());
        let stream = TcpStream::connect(address).await.unwrap();
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self { socket, seq: 0 }),
            Err(Error::Http(response)) => {
                let body = response.body().clone().unwrap_or_default();
                Err((response.status().as_u16(), String::from_utf8(body).unwrap()))
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn hello(&mut self, cols: i64, rows: i64) {
        self.raw(format!("\u{5}{{\"cols\":{cols},\"rows\":{rows}}}").into_bytes()).await;
    }

    pub async fn resize(&mut self, cols: i64, rows: i64) {
        self.raw(format!("\u{2}{{\"cols\":{cols},\"rows\":{rows}}}").into_bytes()).await;
    }

    pub async fn input(&mut self, seq: u32, bytes: &[u8]) {
        self.raw(ClientFrame::Input { seq, bytes: bytes.to_vec() }.encode()).await;
    }

    /// Sends bytes that may not be a frame.
    pub async fn raw(&mut self, frame: Vec<u8>) {
        self.message(Message::Binary(frame.into())).await;
    }

    /// Sends a message. A server that has hung up already is no error here: what it said last is still to be read.
    pub async fn message(&mut self, message: Message) {
        let _ = self.socket.send(message).await;
    }

    /// The next frame. The server's pings do not count: they would put off the deadline for ever.
    pub async fn frame(&mut self) -> ServerFrame {
        self.frame_in_time().await.expect("no frame came")
    }

    async fn frame_in_time(&mut self) -> Option<ServerFrame> {
        let frame = async {
            loop {
                match self.next().await {
                    Message::Binary(frame) => return ServerFrame::decode(&frame).unwrap(),
                    Message::Ping(_) | Message::Pong(_) => {}
                    other => panic!("{other:?} instead of a frame"),
                }
            }
        };
        timeout(PATIENCE, frame).await.ok()
    }

    /// The next frame, which is a welcome.
    pub async fn welcome(&mut self) -> Size {
        let ServerFrame::Welcome(Welcome { size }) = self.frame().await else { panic!("no welcome") };
        self.seq = 0;
        size
    }

    /// Reads output until it ends with `text`, and gives back all of it. The numbers must have no gap.
    pub async fn output_until(&mut self, text: &str) -> String {
        let mut all = Vec::new();
        while !String::from_utf8_lossy(&all).contains(text) {
            let frame = self.frame_in_time().await;
            match frame.unwrap_or_else(|| panic!("no {text:?} after {:?}", String::from_utf8_lossy(&all))) {
                ServerFrame::Output { seq, bytes } => {
                    assert_eq!(seq, self.seq, "a gap");
                    self.seq += bytes.len() as u64;
                    all.extend(bytes);
                }
                other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&all)),
            }
        }
        String::from_utf8_lossy(&all).into_owned()
    }

    /// Skips output up to the next welcome.
    pub async fn next_welcome(&mut self) {
        loop {
            match self.frame().await {
                ServerFrame::Welcome(_) => break,
                ServerFrame::Output { .. } => {}
                other => panic!("{other:?} instead of a welcome"),
            }
        }
        self.seq = 0;
    }

    /// Reads to the end: the last word and the close code.
    pub async fn end(&mut self) -> (End, u16) {
        let end = loop {
            match self.frame().await {
                ServerFrame::End(end) => break end,
                ServerFrame::Output { .. } | ServerFrame::Welcome(_) | ServerFrame::Pong(_) => {}
            }
        };
        let Message::Close(Some(close)) = self.next().await else { panic!("no close frame after the last word") };
        assert!(!end.message.is_empty());
        (end, close.code.into())
    }

    async fn next(&mut self) -> Message {
        timeout(PATIENCE, self.socket.next()).await.expect("nothing came").expect("the socket is closed").unwrap()
    }
}
