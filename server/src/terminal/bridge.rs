//! Joins a browser's WebSocket to an agent's ttyd: moves what the [`Session`] decides. One task, one loop; when it
//! returns, both sockets are closed. Browsers come and go meanwhile.

use std::{pin::Pin, time::Duration};

use axum::{
    body::Bytes,
    extract::ws::{CloseFrame, Message, WebSocket},
};
use domain::{
    UserId,
    terminal::{ClientFrame, DecodeError, End, ServerFrame, Size},
};
use futures::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_tungstenite::tungstenite::{Error as TtydError, Message as TtydMessage};

use super::{
    admission::Permit,
    end::Ending,
    leg::{Leg, LegEvent},
    limits::{BROWSER_BACKLOG_MAX, CLOSE_DEADLINE, INPUT_DRAIN_DEADLINE, INPUT_HOLD_MAX, INPUT_LINGER},
    notes::Note,
    registry::{Entry, Presence, Registry, Viewers, Visitor},
    session::{Effect, Session},
    ttyd::{Attached, TtydSocket},
};

/// The leg to a browser.
pub type BrowserLeg = Leg<WebSocket, Message>;
type BrowserEvent = LegEvent<Message, axum::Error>;
type UpstreamLeg = Leg<TtydSocket, TtydMessage>;
type Draining = BoxFuture<'static, Drained>;
type Attaching = BoxFuture<'static, Result<Attached, AttachFailure>>;

/// A leg to ttyd that is to be closed.
struct Drained {
    leg: UpstreamLeg,
    /// Whether ttyd has taken what was typed into it.
    is_taken: bool,
}

/// Tells the ping that ends a leg from those that see whether it is alive.
const DRAIN_PING: Bytes = Bytes::from_static(b"drain");

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
    /// So many bytes of output go to the browser.
    fn output(&self, bytes: usize);
    /// So many typed bytes go to the agent.
    fn input(&self, bytes: usize);
    /// Counts something.
    fn note(&self, note: Note);
}

/// The leg to ttyd, as far as it is there.
enum Upstream {
    Down,
    Attaching(Attaching),
    Up(Box<UpstreamLeg>),
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
    Drained(Box<Drained>),
    Arrival(Box<Visitor>),
    Viewers(Viewers),
    End(End),
    Time,
}

/// A connected browser.
struct Browser {
    leg: BrowserLeg,
    _presence: Presence,
}

/// Where a session's viewers come from.
pub struct Place {
    /// All sessions.
    pub registry: Registry,
    /// This one.
    pub entry: Entry,
    /// Whose it is.
    pub user: UserId,
}

struct Bridge<C> {
    session: Session,
    browser: Option<Browser>,
    upstream: Upstream,
    /// The leg to ttyd before this one, while ttyd takes what was typed into it.
    draining: Option<Draining>,
    /// Legs of which ttyd has taken everything. Each stands until its time is over.
    lingering: FuturesUnordered<BoxFuture<'static, ()>>,
    connect: C,
    place: Place,
    ended: BoxFuture<'static, End>,
    is_ended: bool,
    /// Held while the viewer is away.
    kept: Option<Permit>,
}

/// Runs a terminal session until it is over: one side ends it, or a viewer that was lost does not come back.
pub async fn run(session: Session, visitor: Visitor, connect: impl Connect, place: Place) -> Ending {
    let Visitor { leg, hello: _, ended, presence } = visitor;
    let browser = Some(Browser { leg, _presence: presence });
    let bridge = Bridge {
        session,
        browser,
        upstream: Upstream::Down,
        draining: None,
        lingering: FuturesUnordered::new(),
        connect,
        place,
        ended,
        is_ended: false,
        kept: None,
    };
    bridge.run().await
}

/// Tells a client why it cannot have a terminal and closes the socket.
pub async fn refuse(mut browser: BrowserLeg, end: &End) {
    send(&mut browser, ServerFrame::End(end.clone()).encode());
    close(browser, end).await;
}

impl<C: Connect> Bridge<C> {
    async fn run(mut self) -> Ending {
        let mut timer = std::pin::pin!(sleep(Duration::ZERO));
        let viewers = *self.place.entry.viewers.borrow_and_update();
        self.session.on_viewers(viewers.drivers, viewers.watchers);
        loop {
            if let Some(ending) = self.perform_effects() {
                drop(self.upstream);
                // Who comes back from here on begins anew, instead of waiting for one that is over.
                drop(self.place.entry);
                let goodbye = async {
                    let Some(Browser { mut leg, .. }) = self.browser else { return };
                    match &ending {
                        Ending::Told(end) => close(leg, end).await,
                        Ending::Gone => part(&mut leg).await,
                    }
                };
                let rest = async {
                    if self.draining.is_some() {
                        let drained = drained(&mut self.draining).await;
                        if !drained.is_taken {
                            self.connect.note(Note::InputUnconfirmed);
                        }
                        self.lingering.push(linger(drained.leg));
                    }
                    while self.lingering.next().await.is_some() {}
                };
                tokio::join!(goodbye, rest);
                return ending;
            }
            self.set(timer.as_mut());
            let event = self.event(timer.as_mut()).await;
            self.is_ended |= matches!(event, Event::End(_));
            self.handle(event, Instant::now());
        }
    }

    fn set(&self, timer: Pin<&mut Sleep>) {
        let deadline = self.session.deadline(Instant::now());
        if timer.deadline() != deadline {
            timer.reset(deadline);
        }
    }

    async fn event(&mut self, timer: Pin<&mut Sleep>) -> Event {
        let reads_input = self.session.accepts_input() && self.upstream.backlog() < INPUT_HOLD_MAX;
        let Entry { arrivals, viewers, .. } = &mut self.place.entry;
        tokio::select! {
            event = browser_event(&mut self.browser, reads_input) => Event::Browser(event),
            event = self.upstream.event(self.session.accepts_output()) => Event::Upstream(event),
            drained = drained(&mut self.draining) => Event::Drained(Box::new(drained)),
            Some(()) = self.lingering.next() => Event::Time,
            Some(visitor) = arrivals.recv() => Event::Arrival(Box::new(visitor)),
            Ok(()) = viewers.changed() => Event::Viewers(*viewers.borrow_and_update()),
            end = self.ended.as_mut(), if !self.is_ended => Event::End(end),
            () = timer => Event::Time,
        }
    }

    fn handle(&mut self, event: Event, now: Instant) {
        match event {
            Event::Browser(event) => self.on_browser(event, now),
            Event::Upstream(event) => self.on_upstream(event, now),
            Event::Drained(drained) => {
                self.session.on_drained(drained.is_taken, now);
                self.lingering.push(linger(drained.leg));
            }
            Event::Arrival(visitor) => self.on_arrival(*visitor, now),
            Event::Viewers(viewers) => self.session.on_viewers(viewers.drivers, viewers.watchers),
            Event::End(end) => self.session.end(end, now),
            Event::Time => self.session.on_time(now),
        }
    }

    fn on_arrival(&mut self, visitor: Visitor, now: Instant) {
        let Visitor { leg, hello, ended, presence } = visitor;
        // The old connection, if it still stands, is one that the client has given up.
        self.browser = Some(Browser { leg, _presence: presence });
        self.kept = None;
        self.ended = ended;
        self.session.on_return(&hello, now);
    }

    fn on_browser(&mut self, event: BrowserEvent, now: Instant) {
        match event {
            LegEvent::Message(Message::Binary(frame)) => self.session.on_frame(ClientFrame::decode(&frame), now),
            LegEvent::Message(Message::Text(_)) => self.session.on_text(now),
            LegEvent::Message(Message::Ping(_)) => self.session.on_browser_sign(now),
            LegEvent::Message(Message::Pong(_)) => self.session.on_browser_pong(now),
            LegEvent::Drained => {}
            LegEvent::Failed(error) if is_too_large(&error) => {
                self.session.on_frame(Err(DecodeError::TooLarge), now);
            }
            LegEvent::Message(Message::Close(frame)) if is_farewell(frame.as_ref()) => self.session.on_browser_left(),
            LegEvent::Message(Message::Close(_)) | LegEvent::Failed(_) | LegEvent::Closed => self.on_lost(now),
        }
    }

    fn on_lost(&mut self, now: Instant) {
        self.browser = None;
        self.kept = self.place.registry.keep(self.place.user);
        if self.kept.is_some() {
            self.session.on_browser_lost(now);
        } else {
            self.session.on_browser_left();
        }
    }

    fn on_upstream(&mut self, event: UpstreamEvent, now: Instant) {
        match event {
            UpstreamEvent::Attached(attached) => {
                let Attached { socket, first } = *attached;
                self.upstream = Upstream::Up(Box::new(Leg::new(socket)));
                self.session.on_attached(now);
                self.session.on_ttyd(&first, now);
            }
            UpstreamEvent::Failed(failure) => {
                self.upstream = Upstream::Down;
                match failure {
                    AttachFailure::Later(why) => self.session.on_attach_failed(why, now),
                    AttachFailure::Never(end) => self.session.end(end, now),
                }
            }
            UpstreamEvent::Message(TtydMessage::Binary(message)) => self.session.on_ttyd(&message, now),
            UpstreamEvent::Message(TtydMessage::Pong(_)) => self.session.on_ttyd_pong(now),
            UpstreamEvent::Message(_) => self.session.on_ttyd_sign(now),
            UpstreamEvent::Gone => {
                self.upstream = Upstream::Down;
                self.session.on_ttyd_gone(now);
            }
        }
    }

    fn perform_effects(&mut self) -> Option<Ending> {
        while let Some(effect) = self.session.next_effect() {
            match effect {
                Effect::Attach { size, after } => self.attach(size, after),
                Effect::Detach => self.upstream = Upstream::Down,
                Effect::Drain => self.drain(),
                Effect::Close => self.lingering.clear(),
                Effect::ToBrowser(frame) => {
                    if let Some(Browser { leg, .. }) = &mut self.browser {
                        self.connect.output(frame.len());
                        send(leg, frame);
                    }
                }
                Effect::DropBrowser => {
                    self.browser = None;
                    self.kept = self.place.registry.keep(self.place.user);
                }
                Effect::ToTtyd(frame) => {
                    self.connect.input(frame.len());
                    self.upstream.send(TtydMessage::Binary(frame.into()));
                }
                Effect::Ping => {
                    if let Some(Browser { leg, .. }) = &mut self.browser {
                        leg.push(Message::Ping(Bytes::new()), 0);
                    }
                    self.upstream.send(TtydMessage::Ping(Bytes::new()));
                }
                Effect::Note(note) => self.connect.note(note),
                Effect::End(ending) => return Some(ending),
            }
        }
        None
    }

    fn drain(&mut self) {
        if let Upstream::Up(leg) = std::mem::replace(&mut self.upstream, Upstream::Down) {
            self.draining = Some(Box::pin(drain(*leg)));
        }
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

    async fn event(&mut self, read: bool) -> UpstreamEvent {
        match self {
            Self::Down => std::future::pending().await,
            Self::Attaching(attempt) => match attempt.await {
                Ok(attached) => UpstreamEvent::Attached(Box::new(attached)),
                Err(failure) => UpstreamEvent::Failed(failure),
            },
            Self::Up(leg) => loop {
                let event: LegEvent<_, TtydError> = leg.event(read).await;
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

/// Lets ttyd take what is queued, whatever it has to say. Messages are taken in order: what was typed before a ping is with the
/// agent's terminal when the pong comes.
async fn drain(mut leg: UpstreamLeg) -> Drained {
    leg.push(TtydMessage::Ping(DRAIN_PING), 0);
    let pong = async {
        loop {
            match leg.event(true).await {
                LegEvent::Message(TtydMessage::Pong(pong)) if pong == DRAIN_PING => return true,
                LegEvent::Message(TtydMessage::Close(_)) | LegEvent::Failed(_) | LegEvent::Closed => return false,
                LegEvent::Message(_) | LegEvent::Drained => {}
            }
        }
    };
    let is_taken = timeout(INPUT_DRAIN_DEADLINE, pong).await.unwrap_or(false);
    Drained { leg, is_taken }
}

/// Keeps a leg for a while, so that tmux reads what ttyd has handed on: when ttyd ends a leg, the kernel throws away what is
/// still in its pseudo-terminal.
fn linger(leg: UpstreamLeg) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        sleep(INPUT_LINGER).await;
        drop(leg);
    })
}

/// Waits until ttyd has taken what was typed into the leg before this one; for ever when there is none.
async fn drained(draining: &mut Option<Draining>) -> Drained {
    let Some(leg) = draining else { return std::future::pending().await };
    let drained = leg.await;
    *draining = None;
    drained
}

/// What a browser says. One that does not read what it asks for is not listened to either.
async fn browser_event(browser: &mut Option<Browser>, read: bool) -> BrowserEvent {
    match browser {
        Some(Browser { leg, .. }) => {
            let read = read && leg.backlog() < BROWSER_BACKLOG_MAX;
            leg.event(read).await
        }
        None => std::future::pending().await,
    }
}

fn send(browser: &mut BrowserLeg, frame: Vec<u8>) {
    let bytes = frame.len();
    browser.push(Message::Binary(frame.into()), bytes);
}

/// Whether a browser that closes its socket will not come back: the terminal was left. A client that only gives up a connection
/// says so with a code of its own. 1001 is the browser's word, not the page's: Chromium says it for a page that it thaws, too.
fn is_farewell(frame: Option<&CloseFrame>) -> bool {
    frame.is_none_or(|frame| matches!(frame.code, 1000 | 1005))
}

/// axum hides the WebSocket layer's error; its text is the only sign that a message was larger than the limit.
fn is_too_large(error: &axum::Error) -> bool {
    error.to_string().contains("too long")
}

/// Sends what is queued and a close frame, then waits a little for the client's.
async fn close(mut browser: BrowserLeg, end: &End) {
    let frame = CloseFrame { code: end.code.close_code(), reason: super::end::label(end.code).into() };
    browser.push(Message::Close(Some(frame)), 0);
    part(&mut browser).await;
}

/// Lets the closing handshake end. A client that takes too long over it is simply dropped.
async fn part(browser: &mut BrowserLeg) {
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
