//! Joins a browser's WebSocket to an agent's ttyd: moves what the [`Session`] decides. One task, one loop; when it
//! returns, both sockets are closed.

use std::{future::Future, time::Duration};

use axum::{
    body::Bytes,
    extract::ws::{CloseFrame, Message, WebSocket},
};
use domain::terminal::{ClientFrame, DecodeError, End, OUTPUT, Size};
use futures::future::BoxFuture;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_tungstenite::tungstenite::{Error as TtydError, Message as TtydMessage};

use super::{
    end::Ending,
    leg::{Leg, LegEvent},
    limits::{CLOSE_DEADLINE, INPUT_HOLD_MAX},
    session::{Effect, Session},
    ttyd::{Attached, TtydSocket},
};

type BrowserEvent = LegEvent<Message, axum::Error>;
type Attaching = BoxFuture<'static, Result<Attached, AttachFailure>>;

/// Why an attempt to attach failed.
#[derive(Debug)]
pub enum AttachFailure {
    /// It may succeed later; a sentence says why it does not now.
    Later(Option<String>),
    /// It never will; this is the last word.
    Never(End),
}

/// Reaches the terminal of one agent.
pub trait Connect: Send {
    /// One attempt to attach, with a deadline of its own.
    fn attach(&self, size: Size) -> Attaching;
    /// Output was dropped because the browser did not read.
    fn overrun(&self);
    /// So many bytes of output go to the browser.
    fn output(&self, bytes: usize);
    /// So many typed bytes go to the agent.
    fn input(&self, bytes: usize);
}

/// The leg to ttyd, as far as it is there.
enum Upstream {
    Down,
    Attaching(Attaching),
    Up(Box<Leg<TtydSocket, TtydMessage>>),
}

enum UpstreamEvent {
    Attached(Box<Attached>),
    Failed(AttachFailure),
    Message(TtydMessage),
    Gone,
}

enum Event {
    Browser(BrowserEvent),
    Upstream(UpstreamEvent),
    End(End),
    Time,
}

struct Bridge<C> {
    session: Session,
    browser: Leg<WebSocket, Message>,
    upstream: Upstream,
    connect: C,
}

/// Runs a terminal session until one side ends it or `ended` resolves with a last word.
pub async fn run(socket: WebSocket, connect: impl Connect, ended: impl Future<Output = End> + Send) -> Ending {
    let bridge =
        Bridge { session: Session::new(Instant::now()), browser: Leg::new(socket), upstream: Upstream::Down, connect };
    bridge.run(ended).await
}

/// Tells a client why it cannot have a terminal and closes the socket.
pub async fn refuse(socket: WebSocket, end: End) {
    let mut browser = Leg::new(socket);
    send(&mut browser, domain::terminal::ServerFrame::End(end.clone()).encode());
    close(browser, &end).await;
}

impl<C: Connect> Bridge<C> {
    async fn run(mut self, ended: impl Future<Output = End> + Send) -> Ending {
        let mut ended = std::pin::pin!(ended);
        let mut timer = std::pin::pin!(sleep(Duration::ZERO));
        let mut is_ended = false;
        loop {
            if let Some(ending) = self.perform_effects() {
                drop(self.upstream);
                match &ending {
                    Ending::Told(end) => close(self.browser, end).await,
                    Ending::Gone => part(&mut self.browser).await,
                }
                return ending;
            }
            self.set(timer.as_mut());
            let readable = self.session.accepts_input() && self.upstream.backlog() < INPUT_HOLD_MAX;
            let event = tokio::select! {
                event = self.browser.event(readable) => Event::Browser(event),
                event = self.upstream.event() => Event::Upstream(event),
                end = ended.as_mut(), if !is_ended => Event::End(end),
                () = timer.as_mut() => Event::Time,
            };
            is_ended |= matches!(event, Event::End(_));
            self.handle(event, Instant::now());
        }
    }

    fn set(&self, timer: std::pin::Pin<&mut Sleep>) {
        let deadline = self.session.deadline(Instant::now());
        if timer.deadline() != deadline {
            timer.reset(deadline);
        }
    }

    fn handle(&mut self, event: Event, now: Instant) {
        match event {
            Event::Browser(event) => self.on_browser(event, now),
            Event::Upstream(event) => self.on_upstream(event, now),
            Event::End(end) => self.session.end(end, now),
            Event::Time => self.session.on_time(now),
        }
    }

    fn on_browser(&mut self, event: BrowserEvent, now: Instant) {
        match event {
            LegEvent::Message(Message::Binary(frame)) => self.session.on_frame(ClientFrame::decode(&frame), now),
            LegEvent::Message(Message::Text(_)) => self.session.on_text(now),
            LegEvent::Message(Message::Ping(_) | Message::Pong(_)) => self.session.on_browser_sign(now),
            LegEvent::Drained => self.session.on_browser_drained(now),
            LegEvent::Failed(error) if is_too_large(&error) => {
                self.session.on_frame(Err(DecodeError::TooLarge), now);
            }
            LegEvent::Message(Message::Close(_)) | LegEvent::Failed(_) | LegEvent::Closed => {
                self.session.on_browser_gone();
            }
        }
    }

    fn on_upstream(&mut self, event: UpstreamEvent, now: Instant) {
        match event {
            UpstreamEvent::Attached(attached) => {
                let Attached { socket, first } = *attached;
                self.upstream = Upstream::Up(Box::new(Leg::new(socket)));
                self.session.on_attached(now);
                // The welcome goes into the queue before the first output can be decided on.
                self.on_ttyd(&first, now);
            }
            UpstreamEvent::Failed(failure) => {
                self.upstream = Upstream::Down;
                match failure {
                    AttachFailure::Later(why) => self.session.on_attach_failed(why, now),
                    AttachFailure::Never(end) => self.session.end(end, now),
                }
            }
            UpstreamEvent::Message(TtydMessage::Binary(message)) => self.on_ttyd(&message, now),
            UpstreamEvent::Message(_) => self.session.on_ttyd_sign(now),
            UpstreamEvent::Gone => {
                self.upstream = Upstream::Down;
                self.session.on_ttyd_gone(now);
            }
        }
    }

    fn on_ttyd(&mut self, message: &[u8], now: Instant) {
        self.session.on_ttyd(message, self.browser.backlog(), now);
    }

    fn perform_effects(&mut self) -> Option<Ending> {
        while let Some(effect) = self.session.next_effect() {
            match effect {
                Effect::Attach { size, after } => self.attach(size, after),
                Effect::Detach => self.upstream = Upstream::Down,
                Effect::ToBrowser(frame) => {
                    self.connect.output(frame.len());
                    send(&mut self.browser, frame);
                }
                Effect::DropOutput => {
                    self.connect.overrun();
                    self.browser.retain(|message| !is_output(message));
                }
                Effect::ToTtyd(frame) => {
                    self.connect.input(frame.len());
                    self.upstream.send(TtydMessage::Binary(frame.into()));
                }
                Effect::Ping => {
                    self.browser.push(Message::Ping(Bytes::new()), 0);
                    self.upstream.send(TtydMessage::Ping(Bytes::new()));
                }
                Effect::End(ending) => return Some(ending),
            }
        }
        None
    }

    fn attach(&mut self, size: Size, after: Duration) {
        let attempt = self.connect.attach(size);
        self.upstream = Upstream::Attaching(Box::pin(async move {
            sleep(after).await;
            attempt.await
        }));
    }
}

impl Upstream {
    fn backlog(&self) -> usize {
        if let Self::Up(leg) = self { leg.backlog() } else { 0 }
    }

    fn send(&mut self, message: TtydMessage) {
        if let Self::Up(leg) = self {
            let bytes = message.len();
            leg.push(message, bytes);
        }
    }

    async fn event(&mut self) -> UpstreamEvent {
        match self {
            Self::Down => std::future::pending().await,
            Self::Attaching(attempt) => match attempt.await {
                Ok(attached) => UpstreamEvent::Attached(Box::new(attached)),
                Err(failure) => UpstreamEvent::Failed(failure),
            },
            Self::Up(leg) => loop {
                let event: LegEvent<_, TtydError> = leg.event(true).await;
                match event {
                    LegEvent::Drained => {}
                    LegEvent::Message(TtydMessage::Close(_)) | LegEvent::Failed(_) | LegEvent::Closed => {
                        return UpstreamEvent::Gone;
                    }
                    LegEvent::Message(message) => return UpstreamEvent::Message(message),
                }
            },
        }
    }
}

fn send(browser: &mut Leg<WebSocket, Message>, frame: Vec<u8>) {
    let bytes = frame.len();
    browser.push(Message::Binary(frame.into()), bytes);
}

fn is_output(message: &Message) -> bool {
    matches!(message, Message::Binary(frame) if frame.first() == Some(&OUTPUT))
}

/// axum hides the WebSocket layer's error; its text is the only sign that a message was larger than the limit.
fn is_too_large(error: &axum::Error) -> bool {
    error.to_string().contains("too long")
}

/// Sends what is queued and a close frame, then waits a little for the client's.
async fn close(mut browser: Leg<WebSocket, Message>, end: &End) {
    let frame = CloseFrame { code: end.code.close_code(), reason: super::end::label(end.code).into() };
    browser.push(Message::Close(Some(frame)), 0);
    part(&mut browser).await;
}

/// Lets the closing handshake end. A client that takes too long over it is simply dropped.
async fn part(browser: &mut Leg<WebSocket, Message>) {
    let goodbye = async {
        loop {
            match browser.event(true).await {
                LegEvent::Message(_) | LegEvent::Drained => {}
                LegEvent::Failed(_) | LegEvent::Closed => return,
            }
        }
    };
    let _ = timeout(CLOSE_DEADLINE, goodbye).await;
}
