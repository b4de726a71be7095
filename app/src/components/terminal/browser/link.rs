//! The WebSocket to the gateway. It asks [`Reconnect`] what to do and [`Exchange`] what to say, and tells its owner what
//! came.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use domain::{
    AgentId,
    terminal::{
        ACK_EVERY, CLIENT_FRAME_MAX, ClientFrame, End, Hello, INPUT_CHUNK, Mode, OUTPUT, OUTPUT_HEADER, SUBPROTOCOL,
        ServerFrame, Size,
    },
};
use gloo_timers::callback::{Interval, Timeout};
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{BinaryType, MessageEvent, WebSocket};

use super::super::{
    exchange::Exchange,
    reconnect::{Command, Reconnect},
    status::{Standing, Status},
};

const _: () = assert!(INPUT_CHUNK < CLIENT_FRAME_MAX);

/// How often the countdown is redrawn and the connection looked at, in milliseconds.
const TICK: u32 = 1_000;

/// The close code of a connection that this side gives up to make another: the server keeps the session.
const WILL_BE_BACK: u16 = 4000;
/// The close code of a terminal that is left.
const DONE: u16 = 1000;

/// What the terminal says by itself when it gains and loses the focus: nobody typed it.
const FOCUS_REPORTS: [&[u8]; 2] = [b"\x1b[I", b"\x1b[O"];

/// A place in the output: its epoch, and the bytes of it so far.
pub type Place = (u32, u64);

/// What became of something that was typed without a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is sent as soon as there is one.
    Waits,
    /// It goes nowhere.
    Refused,
    /// It was sent and may not have arrived.
    Lost,
}

/// What the owner of a link hears.
pub enum Incoming {
    /// The screen starts over.
    StartOver,
    /// The terminal prints this, and is then at that place.
    Output(Uint8Array, Place),
    /// The connection stands differently.
    Status(Status),
    /// Something was typed and did not simply arrive.
    Typed(Fate),
    /// A ping came back after so many milliseconds.
    Latency(f64),
    /// So many people look: those who may type, and those who only watch.
    Viewers(u32, u32),
}

/// A connection that keeps itself up.
pub struct Link {
    url: String,
    owner: Box<dyn Fn(Incoming)>,
    socket: RefCell<Option<WebSocket>>,
    machine: RefCell<Reconnect>,
    end: RefCell<Option<End>>,
    /// Whether the server reaches the agent's terminal; nothing before it first did, for the history comes before that.
    attached: Cell<Option<bool>>,
    size: Cell<Size>,
    mode: Mode,
    exchange: RefCell<Exchange>,
    /// The place that was acknowledged last.
    acked: Cell<Place>,
    pings: Cell<u32>,
    pinged_at: Cell<f64>,
    due: RefCell<Option<Timeout>>,
    _ticker: Interval,
    on_open: Closure<dyn FnMut(JsValue)>,
    on_message: Closure<dyn FnMut(MessageEvent)>,
    on_close: Closure<dyn FnMut(JsValue)>,
}

impl Link {
    /// Connects, and tells `owner` what happens.
    pub fn start(agent_id: AgentId, size: Size, mode: Mode, owner: impl Fn(Incoming) + 'static) -> Rc<Self> {
        let link = Rc::new_cyclic(|link: &Weak<Self>| Self {
            url: url(agent_id),
            owner: Box::new(owner),
            socket: RefCell::default(),
            machine: RefCell::new(Reconnect::new(now())),
            end: RefCell::default(),
            attached: Cell::new(None),
            size: Cell::new(size),
            mode,
            exchange: RefCell::default(),
            acked: Cell::default(),
            pings: Cell::new(0),
            pinged_at: Cell::new(0.0),
            due: RefCell::default(),
            _ticker: Interval::new(TICK, on(link, Self::tick)),
            on_open: Closure::new(handler(link, |link, _| link.greet())),
            on_message: Closure::new(handler(link, |link, event: MessageEvent| link.on_message(&event))),
            on_close: Closure::new(handler(link, |link, _| link.on_close())),
        });
        link.run(Some(Command::Connect));
        link
    }

    /// Sends what was typed, or says what becomes of it.
    pub fn type_in(&self, bytes: &[u8]) {
        let is_live = self.machine.borrow().is_live();
        if self.mode == Mode::Watch || (!is_live && FOCUS_REPORTS.contains(&bytes)) {
            return;
        }
        let frames = self.exchange.borrow_mut().typed(bytes, now());
        match frames {
            Some(frames) if is_live => self.send_pending(frames),
            Some(_) => (self.owner)(Incoming::Typed(Fate::Waits)),
            None => (self.owner)(Incoming::Typed(Fate::Refused)),
        }
    }

    /// The screen has shown everything up to a place; `is_idle` says that it has nothing more to show.
    pub fn shown(&self, place: Place, is_idle: bool) {
        let (epoch, seq) = place;
        let before = self.acked.get();
        let is_due = is_idle || before.0 != epoch || seq >= before.1 + ACK_EVERY as u64;
        if is_due && before != place && self.machine.borrow().is_live() {
            self.acked.set(place);
            self.send(&ClientFrame::Ack { epoch, seq });
        }
    }

    /// The screen has this size now.
    pub fn resize(&self, size: Size) {
        if self.size.replace(size) != size && self.machine.borrow().is_live() {
            self.send(&ClientFrame::Resize(size));
        }
    }

    /// The network is back, or the page is seen again.
    pub fn wake(self: &Rc<Self>) {
        let command = self.machine.borrow_mut().woken(now());
        self.run(command);
    }

    /// The page is left, perhaps to be shown again later: the server need not keep the session until then.
    pub fn leave(&self) {
        self.exchange.borrow_mut().lost(now());
        self.hang_up(DONE);
        // Nothing connects a page that is left. One that is shown again wakes.
        let _ = self.machine.borrow_mut().lost(now(), 0.0);
    }

    /// The person asks for a connection.
    pub fn ask(self: &Rc<Self>) {
        let command = self.machine.borrow_mut().asked(now());
        self.run(Some(command));
    }

    /// There is a reason to believe that a connection can be had now.
    pub fn revive(self: &Rc<Self>) {
        let command = self.machine.borrow_mut().revived(now());
        self.run(command);
    }

    fn greet(&self) {
        let resume = self.exchange.borrow().resume();
        self.send(&ClientFrame::Hello(Hello { size: self.size.get(), mode: self.mode, resume }));
    }

    /// Sends the last frames of input that the server has not taken over.
    fn send_pending(&self, frames: usize) {
        let exchange = self.exchange.borrow();
        let pending = exchange.pending();
        for (seq, bytes) in pending.iter().skip(pending.len() - frames) {
            self.send(&ClientFrame::Input { seq: *seq, bytes: bytes.clone() });
        }
    }

    fn tick(self: &Rc<Self>) {
        let visible = !leptos::prelude::document().hidden();
        let command = self.machine.borrow_mut().tick(now(), js_sys::Math::random(), visible);
        self.run(command);
    }

    fn run(self: &Rc<Self>, command: Option<Command>) {
        match command {
            Some(Command::Connect) => self.connect(),
            Some(Command::WaitUntil(time)) => {
                self.exchange.borrow_mut().lost(now());
                self.hang_up(WILL_BE_BACK);
                self.wait_until(time);
            }
            Some(Command::Stop) => self.hang_up(DONE),
            Some(Command::Ping { answer_by }) => {
                self.ping();
                // The next tick may be a second late.
                self.wait_until(answer_by);
            }
            None => {}
        }
        let standing = match self.machine.borrow().standing(now()) {
            Standing::Live if self.attached.get() == Some(false) => Standing::Waiting,
            standing => standing,
        };
        (self.owner)(Incoming::Status(Status::Connection { standing, end: self.end.borrow().clone() }));
    }

    fn ping(&self) {
        self.pings.set(self.pings.get().wrapping_add(1));
        self.pinged_at.set(performance_now());
        self.send(&ClientFrame::Ping(self.pings.get()));
    }

    fn wait_until(self: &Rc<Self>, time: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
        let millis = (time - now()).max(0.0).ceil() as u32;
        let timeout = Timeout::new(millis, on(&Rc::downgrade(self), Self::tick));
        // The one before may be the very timer that led here: it is dropped after its callback has returned.
        self.due.replace(Some(timeout));
    }

    fn connect(self: &Rc<Self>) {
        self.exchange.borrow_mut().lost(now());
        self.hang_up(WILL_BE_BACK);
        let Ok(socket) = WebSocket::new_with_str(&self.url, SUBPROTOCOL) else { return };
        socket.set_binary_type(BinaryType::Arraybuffer);
        socket.set_onopen(Some(self.on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(self.on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(self.on_close.as_ref().unchecked_ref()));
        self.socket.replace(Some(socket));
    }

    /// Drops the socket; nothing is heard of it any more.
    fn hang_up(&self, code: u16) {
        if let Some(socket) = self.socket.take() {
            socket.set_onopen(None);
            socket.set_onmessage(None);
            socket.set_onclose(None);
            // It fails for a malformed code only, and there is none.
            let _ = socket.close_with_code(code);
        }
    }

    fn send(&self, frame: &ClientFrame) {
        if let Some(socket) = &*self.socket.borrow()
            && socket.ready_state() == WebSocket::OPEN
        {
            // A socket that is closing says so through its own event.
            let _ = socket.send_with_u8_array(&frame.encode());
        }
    }

    fn on_close(self: &Rc<Self>) {
        let command = self.machine.borrow_mut().lost(now(), js_sys::Math::random());
        self.run(command);
    }

    fn on_message(self: &Rc<Self>, event: &MessageEvent) {
        let Ok(buffer) = event.data().dyn_into::<ArrayBuffer>() else { return };
        self.machine.borrow_mut().heard();
        let frame = Uint8Array::new(&buffer);
        if frame.length() as usize > OUTPUT_HEADER && frame.get_index(0) == OUTPUT {
            let place = self.exchange.borrow_mut().received(frame.length() as usize - OUTPUT_HEADER);
            #[expect(clippy::cast_possible_truncation, reason = "it is 9")]
            let bytes = frame.subarray(OUTPUT_HEADER as u32, frame.length());
            (self.owner)(Incoming::Output(bytes, place));
            return;
        }
        // A newer server may say more than this client understands.
        if let Ok(frame) = ServerFrame::decode(&frame.to_vec()) {
            self.on_frame(frame);
        }
    }

    fn on_frame(self: &Rc<Self>, frame: ServerFrame) {
        match frame {
            ServerFrame::Welcome(welcome) => {
                let ping = self.machine.borrow_mut().welcomed(now());
                self.end.take();
                self.attached.set(None);
                let welcomed = self.exchange.borrow_mut().welcomed(&welcome, now());
                if welcomed.starts_over {
                    (self.owner)(Incoming::StartOver);
                }
                self.acked.set((welcome.epoch, 0));
                let pending = self.exchange.borrow().pending().len();
                self.send_pending(pending);
                self.run(Some(ping));
                if welcomed.input_lost {
                    (self.owner)(Incoming::Typed(Fate::Lost));
                }
                if welcome.size != self.size.get() {
                    self.send(&ClientFrame::Resize(self.size.get()));
                }
            }
            ServerFrame::Reset(reset) => {
                self.exchange.borrow_mut().reset(&reset);
                (self.owner)(Incoming::StartOver);
                if reset.input_lost {
                    (self.owner)(Incoming::Typed(Fate::Lost));
                }
            }
            ServerFrame::Pong { number, .. } if number == self.pings.get() => {
                (self.owner)(Incoming::Latency(performance_now() - self.pinged_at.get()));
            }
            ServerFrame::Status(status) => {
                (self.owner)(Incoming::Viewers(status.drivers, status.watchers));
                if status.attached || self.attached.get().is_some() {
                    self.attached.set(Some(status.attached));
                    self.run(None);
                }
            }
            ServerFrame::InputAck(next) => self.exchange.borrow_mut().acked(next),
            ServerFrame::End(end) => {
                let command = self.machine.borrow_mut().ended(&end, now());
                self.end.replace(Some(end));
                self.run(command);
            }
            ServerFrame::Pong { .. } | ServerFrame::Output { .. } => {}
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.hang_up(DONE);
    }
}

fn on<T: 'static>(target: &Weak<T>, call: fn(&Rc<T>)) -> impl FnMut() + 'static {
    let target = target.clone();
    move || {
        if let Some(target) = target.upgrade() {
            call(&target);
        }
    }
}

fn handler<T: 'static, E: 'static>(target: &Weak<T>, call: fn(&Rc<T>, E)) -> impl FnMut(E) + 'static {
    let target = target.clone();
    move |event| {
        if let Some(target) = target.upgrade() {
            call(&target, event);
        }
    }
}

fn now() -> f64 {
    js_sys::Date::now()
}

/// A clock that nobody sets, for short times.
fn performance_now() -> f64 {
    leptos::prelude::window().performance().map_or_else(now, |performance| performance.now())
}

fn url(agent_id: AgentId) -> String {
    let location = leptos::prelude::window().location();
    let secure = location.protocol().is_ok_and(|protocol| protocol == "https:");
    let scheme = if secure { "wss" } else { "ws" };
    format!("{scheme}://{}/agent-terminal/{agent_id}/ws", location.host().unwrap_or_default())
}
