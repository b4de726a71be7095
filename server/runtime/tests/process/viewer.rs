//! A viewer of an agent's terminal that speaks to ttyd as the gateway does, and a very small terminal emulator.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::ttyd::{FromTtyd, SUBPROTOCOL, decode, encode_init, encode_input};
use futures::{SinkExt, StreamExt};
use runtime::{AgentRuntime, AgentSpec, Duplex, TERMINAL_PORT};
use secrecy::ExposeSecret;
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::world::DEADLINE;

pub struct Viewer {
    socket: WebSocketStream<Box<dyn Duplex>>,
    /// Everything that was printed so far.
    pub printed: String,
    seen: usize,
    said: usize,
    /// What is said once it is printed what stands before it.
    script: [(&'static str, &'static str); 2],
}

/// The gateway's words, and what it says them to.
const REQUEST: (&str, &str) = ("aiworker hello", ": attach 5000 524288 drive receipt\n");
const RECEIPT: (&str, &str) = ("aiworker screen", ": received\n");
/// The end of the last of `attach.sh`'s words, and the first byte of tmux.
const ATTACHED: &str = "aiworker screen\x1b\\\x1b";

impl Viewer {
    pub async fn open(runtime: &dyn AgentRuntime, spec: &AgentSpec, columns: u16, rows: u16) -> Self {
        let stream = runtime.dial(spec.id, TERMINAL_PORT).await.unwrap();
        let token = base64(format!("agent:{}", spec.terminal_password.expose_secret()).as_bytes());
        let mut request = "ws://agent/ws".into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("origin", "http://agent".parse().unwrap());
        headers.insert("sec-websocket-protocol", SUBPROTOCOL.parse().unwrap());
        headers.insert("authorization", format!("Basic {token}").parse().unwrap());
        let (mut socket, _) = timeout(DEADLINE, client_async(request, stream)).await.unwrap().unwrap();
        socket.send(Message::Binary(encode_init(&token, columns, rows).into())).await.unwrap();
        Self { socket, printed: String::new(), seen: 0, said: 0, script: [REQUEST, RECEIPT] }
    }

    /// It gives no receipt until it is told to.
    pub fn keep_receipt(&mut self) {
        self.script[1].0 = "what nobody prints";
    }

    /// All that was printed has come.
    pub async fn give_receipt(&mut self) {
        self.say(RECEIPT.1).await;
    }

    async fn say(&mut self, what: &str) {
        self.socket.send(Message::Binary(encode_input(what.as_bytes()).into())).await.unwrap();
    }

    pub async fn type_line(&mut self, line: &str) {
        // tmux throws away what came before it.
        let is_attached = |viewer: &Self| viewer.printed.contains(ATTACHED).then_some(());
        self.read_until(ATTACHED, is_attached).await;
        self.say(&format!("{line}\r")).await;
    }

    /// Reads until `text` is printed, after anything that was expected before.
    pub async fn expect(&mut self, text: &str) {
        let end = |viewer: &Self| {
            let at = viewer.printed[viewer.seen..].find(text)?;
            Some(viewer.seen + at + text.len())
        };
        self.seen = self.read_until(text, end).await;
    }

    async fn read_until<T>(&mut self, what: &str, found: impl Fn(&Self) -> Option<T>) -> T {
        let read = async {
            loop {
                if let Some(found) = found(self) {
                    return Some(found);
                }
                match self.socket.next().await {
                    Some(Ok(Message::Binary(frame))) => {
                        if let FromTtyd::Output(output) = decode(&frame) {
                            self.printed.push_str(&String::from_utf8_lossy(output));
                            self.follow_script().await;
                        }
                    }
                    Some(Ok(_)) => {}
                    _ => return None,
                }
            }
        };
        let came = timeout(DEADLINE, read).await;
        came.ok().flatten().unwrap_or_else(|| panic!("no {what:?} in {:?}", &self.printed[self.seen..]))
    }

    async fn follow_script(&mut self) {
        while let Some((cue, line)) = self.script.get(self.said)
            && self.printed.contains(cue)
        {
            self.said += 1;
            self.say(line).await;
        }
    }

    /// Runs a command and returns what it prints on one line.
    pub async fn ask(&mut self, command: &str) -> String {
        // The marks are cut in the command, so that its echo does not look like the answer, and numbered, so that an earlier
        // answer that tmux draws again does not either.
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        self.type_line(&format!("printf 'AN''S{number}:%s:E''ND\\n' \"$({command})\"")).await;
        self.expect(&format!("ANS{number}:")).await;
        let start = self.seen;
        self.expect(":END").await;
        self.printed[start..self.seen - ":END".len()].replace(['\r', '\n'], "")
    }

    pub async fn close(mut self) {
        self.socket.close(None).await.unwrap();
    }
}

pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = ALPHABET[(word >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= chunk.len() { letter as char } else { '=' });
        }
    }
    text
}

/// What a terminal shows: lines scrolled off, then the screen. Knows what tmux and `attach.sh` send, no more.
pub struct Screen {
    columns: usize,
    rows: usize,
    pub history: Vec<String>,
    shown: Vec<Vec<char>>,
    row: usize,
    column: usize,
    region: (usize, usize),
}

impl Screen {
    pub fn new(columns: usize, rows: usize) -> Self {
        let shown = vec![Vec::new(); rows];
        Self { columns, rows, history: Vec::new(), shown, row: 0, column: 0, region: (0, rows - 1) }
    }

    pub fn lines(&self) -> Vec<String> {
        let screen = self.shown.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned());
        self.history.iter().cloned().chain(screen).collect()
    }

    pub fn feed(&mut self, text: &str) {
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\x1b' => match chars.next() {
                    Some('[') => {
                        let parameters: String =
                            std::iter::from_fn(|| chars.next_if(|c| !('@'..='~').contains(c))).collect();
                        if let Some(last) = chars.next() {
                            self.control(&parameters, last);
                        }
                    }
                    Some(']' | 'P' | '_') => while chars.next().is_some_and(|c| c != '\x07' && c != '\\') {},
                    Some('(') => drop(chars.next()),
                    _ => {}
                },
                '\r' => self.column = 0,
                '\n' => self.line_feed(),
                '\x08' => self.column = self.column.saturating_sub(1),
                c if c.is_control() => {}
                c => self.put(c),
            }
        }
    }

    fn line_feed(&mut self) {
        if self.row != self.region.1 {
            self.row = (self.row + 1).min(self.rows - 1);
            return;
        }
        let gone = self.shown.remove(self.region.0);
        if self.region.0 == 0 {
            self.history.push(gone.iter().collect::<String>().trim_end().to_owned());
        }
        self.shown.insert(self.region.1, Vec::new());
    }

    fn put(&mut self, c: char) {
        if self.column >= self.columns {
            self.column = 0;
            self.line_feed();
        }
        let line = &mut self.shown[self.row];
        if line.len() <= self.column {
            line.resize(self.column + 1, ' ');
        }
        line[self.column] = c;
        self.column += 1;
    }

    fn control(&mut self, parameters: &str, last: char) {
        let numbers: Vec<usize> = parameters.split(';').map(|n| n.parse().unwrap_or(0)).collect();
        let number = |at: usize| numbers.get(at).copied().filter(|n| *n > 0).unwrap_or(1);
        match last {
            'H' => {
                (self.row, self.column) = ((number(0) - 1).min(self.rows - 1), (number(1) - 1).min(self.columns - 1));
            }
            'A' => self.row = self.row.saturating_sub(number(0)),
            'B' => self.row = (self.row + number(0)).min(self.rows - 1),
            'C' => self.column = (self.column + number(0)).min(self.columns - 1),
            'D' => self.column = self.column.saturating_sub(number(0)),
            'G' => self.column = number(0) - 1,
            'd' => self.row = (number(0) - 1).min(self.rows - 1),
            'K' => self.shown[self.row].truncate(self.column),
            'J' if numbers == [2] => self.shown.iter_mut().for_each(Vec::clear),
            'J' => {
                self.shown[self.row].truncate(self.column);
                self.shown[self.row + 1..].iter_mut().for_each(Vec::clear);
            }
            // These lines go nowhere: xterm.js keeps only what a line feed moves off the screen.
            'S' => (0..number(0)).for_each(|_| {
                self.shown.remove(self.region.0);
                self.shown.insert(self.region.1, Vec::new());
            }),
            'r' => {
                self.region = if parameters.is_empty() { (0, self.rows - 1) } else { (number(0) - 1, number(1) - 1) };
                (self.row, self.column) = (0, 0);
            }
            'X' | 'm' | 'h' | 'l' | 'n' | 'c' | 'q' | 't' | 'p' | 'u' => {}
            other => panic!("the emulator does not know {parameters}{other}"),
        }
    }
}
