//! A client of the terminal protocol.

use std::{net::SocketAddr, time::Duration};

use domain::{
    AgentId,
    terminal::{ClientFrame, End, Hello, Mode, Reset, Resume, SUBPROTOCOL, ServerFrame, Size, Welcome},
};
use futures::{SinkExt as _, StreamExt as _};
use http::HeaderMap;
use server::terminal::limits::PING_EVERY;
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
    /// Where a later connection can go on.
    pub resume: Resume,
    /// Acknowledges what it reads.
    pub acks: bool,
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
            Ok((socket, _)) => {
                let resume = Resume { session: String::new(), epoch: 0, seq: 0 };
                Ok(Self { socket, resume, acks: true })
            }
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

    /// Says hello as one that wants to go on, or as one that only watches.
    pub async fn hello_again(&mut self, mode: Mode, resume: Option<Resume>) {
        let size = Size { cols: 80, rows: 24 };
        self.raw(ClientFrame::Hello(Hello { size, mode, resume }).encode()).await;
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

    /// The next frame, but for what only informs. The server's pings do not count: they would put off the deadline for ever.
    pub async fn frame(&mut self) -> ServerFrame {
        self.frame_in_time().await.expect("no frame came")
    }

    async fn frame_in_time(&mut self) -> Option<ServerFrame> {
        timeout(PATIENCE, async {
            loop {
                let frame = match self.next().await {
                    Message::Binary(frame) => ServerFrame::decode(&frame).unwrap(),
                    Message::Ping(_) | Message::Pong(_) => continue,
                    other => panic!("{other:?} instead of a frame"),
                };
                match &frame {
                    ServerFrame::Status(_) | ServerFrame::InputAck(_) => continue,
                    ServerFrame::Output { seq, bytes } => self.on_output(*seq, bytes.len()).await,
                    ServerFrame::Reset(reset) => (self.resume.epoch, self.resume.seq) = (reset.epoch, 0),
                    ServerFrame::Welcome(welcome) => {
                        let Welcome { session, epoch, seq, .. } = welcome.clone();
                        self.resume = Resume { session, epoch, seq };
                    }
                    ServerFrame::Pong { .. } | ServerFrame::End(_) => {}
                }
                return frame;
            }
        })
        .await
        .ok()
    }

    async fn on_output(&mut self, seq: u64, bytes: usize) {
        assert_eq!(seq, self.resume.seq, "a gap");
        self.resume.seq += bytes as u64;
        if self.acks {
            let Resume { epoch, seq, .. } = self.resume;
            self.raw(ClientFrame::Ack { epoch, seq }.encode()).await;
        }
    }

    /// The next frame, which is a welcome.
    pub async fn welcome(&mut self) -> Size {
        self.welcomed().await.size
    }

    /// The next frame, which is a welcome.
    pub async fn welcomed(&mut self) -> Welcome {
        match self.frame().await {
            ServerFrame::Welcome(welcome) => welcome,
            other => panic!("{other:?} instead of a welcome"),
        }
    }

    /// Reads output until it contains `text`, and gives back all of it. The numbers must have no gap.
    pub async fn output_until(&mut self, text: &str) -> String {
        let mut all = Vec::new();
        while !String::from_utf8_lossy(&all).contains(text) {
            let frame = self.frame_in_time().await;
            match frame.unwrap_or_else(|| panic!("no {text:?} after {:?}", String::from_utf8_lossy(&all))) {
                ServerFrame::Output { bytes, .. } => all.extend(bytes),
                other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&all)),
            }
        }
        String::from_utf8_lossy(&all).into_owned()
    }

    /// Waits until the server has taken everything that was sent so far.
    pub async fn pong(&mut self) {
        self.raw(ClientFrame::Ping(0).encode()).await;
        while !matches!(self.frame().await, ServerFrame::Pong { .. }) {}
    }

    /// Only listens until the server has pinged so often. Nothing may begin anew meanwhile.
    pub async fn idle(&mut self, pings: usize) {
        let mut came = 0;
        while came < pings {
            let message = timeout(2 * PING_EVERY, self.socket.next()).await.expect("no ping came");
            match message.expect("somebody hung up").unwrap() {
                Message::Ping(_) => came += 1,
                Message::Binary(frame) => match ServerFrame::decode(&frame).unwrap() {
                    ServerFrame::Output { seq, bytes } => self.on_output(seq, bytes.len()).await,
                    ServerFrame::Status(_) | ServerFrame::InputAck(_) => {}
                    other => panic!("{other:?} for one who does nothing"),
                },
                other => panic!("{other:?}"),
            }
        }
    }

    /// Skips output up to the next epoch.
    pub async fn reset(&mut self) -> Reset {
        loop {
            match self.frame().await {
                ServerFrame::Reset(reset) => return reset,
                ServerFrame::Output { .. } => {}
                other => panic!("{other:?} instead of a reset"),
            }
        }
    }

    /// Skips output up to the next epoch, and reads that until it contains `text`.
    pub async fn output_until_reset_and(&mut self, text: &str) -> Reset {
        let reset = self.reset().await;
        self.output_until(text).await;
        reset
    }

    /// Reads to the end: the last word and the close code.
    pub async fn end(&mut self) -> (End, u16) {
        let end = loop {
            if let ServerFrame::End(end) = self.frame().await {
                break end;
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
