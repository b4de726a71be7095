//! The WebSocket to the gateway. It asks [`Reconnect`] what to do and tells its owner what came.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use domain::{
    AgentId,
    terminal::{
        CLIENT_FRAME_MAX, ClientFrame, End, INPUT_CHUNK, OUTPUT, OUTPUT_HEADER, SUBPROTOCOL, ServerFrame, Size,
    },
};
use gloo_timers::callback::{Interval, Timeout};
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{BinaryType, MessageEvent, WebSocket};

use super::super::{
    reconnect::{Command, Reconnect},
    status::Status,
};

const _: () = assert!(INPUT_CHUNK < CLIENT_FRAME_MAX);

/// How often the countdown is redrawn and the connection looked at, in milliseconds.
const TICK: u32 = 1_000;

/// What the terminal says by itself when it gains and loses the focus: nobody typed it.
const FOCUS_REPORTS: [&[u8]; 2] = [b"\x1b[I", b"\x1b[O"];

/// What the owner of a link hears.
pub enum Incoming {
    /// The screen starts over.
    Welcome,
    /// The terminal prints this.
    Output(Uint8Array),
    /// The connection stands differently.
    Status(Status),
    /// Something was typed while there was no connection; it went nowhere.
    Unsent,
}

/// A connection that keeps itself up.
pub struct Link {
    url: String,
    owner: Box<dyn Fn(Incoming)>,
    socket: RefCell<Option<WebSocket>>,
    machine: RefCell<Reconnect>,
    end: RefCell<Option<End>>,
    size: Cell<Size>,
    input_seq: Cell<u32>,
    pings: Cell<u32>,
    due: RefCell<Option<Timeout>>,
    _ticker: Interval,
    on_open: Closure<dyn FnMut(JsValue)>,
    on_message: Closure<dyn FnMut(MessageEvent)>,
    on_close: Closure<dyn FnMut(JsValue)>,
}

impl Link {
    /// Connects, and tells `owner` what happens.
    pub fn start(agent_id: AgentId, size: Size, owner: impl Fn(Incoming) + 'static) -> Rc<Self> {
        let link = Rc::new_cyclic(|link: &Weak<Self>| Self {
            url: url(agent_id),
            owner: Box::new(owner),
            socket: RefCell::default(),
            machine: RefCell::new(Reconnect::new(now())),
            end: RefCell::default(),
            size: Cell::new(size),
            input_seq: Cell::new(0),
            pings: Cell::new(0),
            due: RefCell::default(),
            _ticker: Interval::new(TICK, on(link, Self::tick)),
            on_open: Closure::new(handler(link, |link, _| link.send(&ClientFrame::Hello(link.size.get())))),
            on_message: Closure::new(handler(link, |link, event: MessageEvent| link.on_message(&event))),
            on_close: Closure::new(handler(link, |link, _| link.on_close())),
        });
        link.run(Some(Command::Connect));
        link
    }

    /// Sends what was typed, or says that it could not be sent.
    pub fn type_in(&self, bytes: &[u8]) {
        if !self.machine.borrow().is_live() {
            if !FOCUS_REPORTS.contains(&bytes) {
                (self.owner)(Incoming::Unsent);
            }
            return;
        }
        for chunk in bytes.chunks(INPUT_CHUNK) {
            let seq = self.input_seq.replace(self.input_seq.get().wrapping_add(1));
            self.send(&ClientFrame::Input { seq, bytes: chunk.to_vec() });
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

    /// The screen is too far behind: stop listening until [`Self::wake`].
    pub fn pause(self: &Rc<Self>) {
        let command = self.machine.borrow_mut().paused();
        self.run(Some(command));
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
                self.hang_up();
                self.wait_until(time);
            }
            Some(Command::Stop) => self.hang_up(),
            Some(Command::Ping) => {
                self.pings.set(self.pings.get().wrapping_add(1));
                self.send(&ClientFrame::Ping(self.pings.get()));
            }
            None => {}
        }
        let standing = self.machine.borrow().standing(now());
        (self.owner)(Incoming::Status(Status::Connection { standing, end: self.end.borrow().clone() }));
    }

    fn wait_until(self: &Rc<Self>, time: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
        let millis = (time - now()).max(0.0).ceil() as u32;
        let timeout = Timeout::new(millis, on(&Rc::downgrade(self), Self::tick));
        // The one before may be the very timer that led here: it is dropped after its callback has returned.
        self.due.replace(time.is_finite().then_some(timeout));
    }

    fn connect(self: &Rc<Self>) {
        self.hang_up();
        let Ok(socket) = WebSocket::new_with_str(&self.url, SUBPROTOCOL) else { return };
        socket.set_binary_type(BinaryType::Arraybuffer);
        socket.set_onopen(Some(self.on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(self.on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(self.on_close.as_ref().unchecked_ref()));
        self.input_seq.set(0);
        self.socket.replace(Some(socket));
    }

    /// Drops the socket; nothing is heard of it any more.
    fn hang_up(&self) {
        if let Some(socket) = self.socket.take() {
            socket.set_onopen(None);
            socket.set_onmessage(None);
            socket.set_onclose(None);
            // It fails for a malformed code only, and there is none.
            let _ = socket.close();
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
            #[expect(clippy::cast_possible_truncation, reason = "it is 9")]
            (self.owner)(Incoming::Output(frame.subarray(OUTPUT_HEADER as u32, frame.length())));
            return;
        }
        match ServerFrame::decode(&frame.to_vec()) {
            Ok(ServerFrame::Welcome(_)) => {
                self.machine.borrow_mut().welcomed(now());
                self.end.take();
                (self.owner)(Incoming::Welcome);
                self.run(None);
            }
            Ok(ServerFrame::End(end)) => {
                let command = self.machine.borrow_mut().ended(&end);
                self.end.replace(Some(end));
                self.run(command);
            }
            // A newer server may say more than this client understands.
            Ok(ServerFrame::Pong(_) | ServerFrame::Output { .. }) | Err(_) => {}
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.hang_up();
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

fn url(agent_id: AgentId) -> String {
    let location = leptos::prelude::window().location();
    let secure = location.protocol().is_ok_and(|protocol| protocol == "https:");
    let scheme = if secure { "wss" } else { "ws" };
    format!("{scheme}://{}/agent-terminal/{agent_id}/ws", location.host().unwrap_or_default())
}
