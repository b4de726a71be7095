//! A real agent, and a viewer to whom everything happens: cuts, stalls, sizes, seeded and repeatable. After each, what a
//! terminal emulator shows equals `tmux capture-pane`, every line is there once, and every key was typed once.
//!
//! `AIWORKER_CHAOS=seed,rounds` picks another run; 1,000 rounds take some minutes.

use std::{path::PathBuf, process::Command, time::Duration};

use domain::{
    AgentId,
    terminal::{ClientFrame, Mode, Resume, ServerFrame},
};
use futures::StreamExt as _;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;

use super::{
    real::{agent_of_new_user, ttyd},
    viewer::{PATIENCE, Viewer},
};
use crate::support::{Client, Program};

const ROUNDS: u64 = 40;
/// Lines that the emulator keeps, as xterm does in the page.
const SCROLLBACK: usize = 5000;
/// Prints as many numbered lines as it is told, with characters of two columns; `f` shows a full-screen program's screen. That is
/// left exactly once: to leave it again puts the cursor back to where it was then, and what follows is printed over other lines.
const PROGRAM: &str = r#"stty -echo; echo st''arted; c=0; leave=; while read -r n; do printf "$leave"; leave=; case $n in f) leave='\033[?1049l'; printf '\033[?1049h\033[2J\033[3;9Hfull\033[5;4H漢字 %s' "$c";; *) seq -f 'line-%.0f 漢字' $((c+1)) $((c+n)); c=$((c+n)); echo "at-$c";; esac; done"#;

/// Numbers that look random and are the same for the same seed (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }
}

struct Chaos {
    address: String,
    browser: Client,
    agent: AgentId,
    tmux: PathBuf,
    viewer: Viewer,
    screen: vt100::Parser,
    size: (u16, u16),
    typed: Vec<Vec<u8>>,
    acked: u32,
}

impl Chaos {
    /// Everything that the program was told, numbered, is sent from where the server stands.
    async fn type_in(&mut self, text: &str) {
        self.typed.push(text.as_bytes().to_vec());
        let seq = u32::try_from(self.typed.len() - 1).unwrap();
        self.viewer.input(seq, text.as_bytes()).await;
    }

    async fn come_back(&mut self, mut resume: Resume) {
        self.viewer = Viewer::connect(self.address.parse().unwrap(), &self.browser, self.agent).await.unwrap();
        let known = resume.clone();
        let (cols, rows) = self.size;
        let size = domain::terminal::Size { cols, rows };
        let hello = domain::terminal::Hello { size, mode: Mode::Drive, resume: Some(resume.clone()) };
        self.viewer.raw(ClientFrame::Hello(hello).encode()).await;
        let welcome = self.viewer.welcomed().await;
        assert_eq!(welcome.session, known.session, "the session was not kept");
        (resume.epoch, resume.seq) = (welcome.epoch, welcome.seq);
        if known == resume {
            assert!(welcome.input >= self.acked);
        } else {
            self.screen.process(b"\x1bc");
        }
        for seq in welcome.input..u32::try_from(self.typed.len()).unwrap() {
            let bytes = self.typed[seq as usize].clone();
            self.viewer.input(seq, &bytes).await;
        }
    }

    /// Reads one frame, if one comes soon.
    async fn read(&mut self) {
        let Ok(message) = timeout(Duration::from_millis(50), self.viewer.socket.next()).await else { return };
        let Message::Binary(frame) = message.expect("the server hung up").unwrap() else { return };
        match ServerFrame::decode(&frame).unwrap() {
            ServerFrame::Output { seq, bytes } => {
                assert_eq!(seq, self.viewer.resume.seq, "a gap");
                self.viewer.resume.seq += bytes.len() as u64;
                self.screen.process(&bytes);
                let Resume { epoch, seq, .. } = self.viewer.resume;
                self.viewer.raw(ClientFrame::Ack { epoch, seq }.encode()).await;
            }
            ServerFrame::Reset(reset) => {
                assert!(!reset.input_lost);
                (self.viewer.resume.epoch, self.viewer.resume.seq) = (reset.epoch, 0);
                self.screen.process(b"\x1bc");
            }
            ServerFrame::InputAck(next) => self.acked = next,
            ServerFrame::End(end) => panic!("{end:?}"),
            _ => {}
        }
    }

    async fn resize(&mut self, cols: u16, rows: u16) {
        self.size = (cols, rows);
        self.screen.screen_mut().set_size(rows, cols);
        self.viewer.resize(cols.into(), rows.into()).await;
    }

    fn capture(&self) -> Vec<String> {
        let output = Command::new("tmux")
            .arg("-S")
            .arg(&self.tmux)
            .args(["capture-pane", "-p", "-t", "=agent:", ";", "display-message", "-p", "-t", "=agent:"])
            .arg("#{window_width} #{window_height} #{cursor_x},#{cursor_y}")
            .output()
            .unwrap();
        lines(&String::from_utf8(output.stdout).unwrap())
    }

    fn shown(&self) -> Vec<String> {
        let screen = self.screen.screen();
        let (row, column) = screen.cursor_position();
        let (rows, columns) = screen.size();
        let mut shown: Vec<String> = screen.rows(0, columns).map(|line| line.trim_end().to_owned()).collect();
        shown.push(format!("{columns} {rows} {column},{row}"));
        shown
    }

    /// Waits until the emulator shows what tmux shows, `text` in it.
    async fn agree(&mut self, text: &str, what: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.read().await;
            let shown = self.shown();
            if shown.iter().any(|line| line.contains(text)) && shown == self.capture() {
                return;
            }
            let captured = self.capture();
            assert!(Instant::now() < deadline, "{what}: no {text:?}, or\n{shown:#?}\nis not\n{captured:#?}");
        }
    }

    /// Waits until the emulator shows what tmux shows and holds no line twice. A change of size lays lines out twice, in the
    /// emulator and in tmux, until history and screen are painted anew 300 ms later.
    async fn settle(&mut self, total: u64, what: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.agree(&format!("at-{total}"), what).await;
            let numbers = self.numbers();
            if numbers.windows(2).all(|pair| pair[1] > pair[0]) && numbers.last() == Some(&total) {
                return;
            }
            let numbers = stretches(&numbers);
            assert!(Instant::now() < deadline, "{what}: a line twice, or not to the end of {total}, in {numbers:?}");
            self.read().await;
        }
    }

    /// The numbered lines of scrollback and screen.
    fn numbers(&mut self) -> Vec<u64> {
        let (rows, columns) = self.screen.screen().size();
        let mut numbers = Vec::new();
        self.screen.screen_mut().set_scrollback(usize::MAX);
        let mut offset = self.screen.screen().scrollback();
        loop {
            self.screen.screen_mut().set_scrollback(offset);
            let take = if offset == 0 { usize::from(rows) } else { offset.min(rows.into()) };
            let page: Vec<String> = self.screen.screen().rows(0, columns).take(take).collect();
            numbers.extend(page.iter().filter_map(|line| {
                let number = line.strip_prefix("line-")?.split(' ').next()?;
                number.parse::<u64>().ok()
            }));
            if offset == 0 {
                return numbers;
            }
            offset -= take;
        }
    }
}

/// The lines of a capture and its last line of facts.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Numbers without gaps between them, as first and last.
fn stretches(numbers: &[u64]) -> Vec<(u64, u64)> {
    let stretches = numbers.chunk_by(|one, next| *next == one + 1);
    stretches.map(|stretch| (stretch[0], stretch[stretch.len() - 1])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_the_screen_is_that_of_tmux() {
    let chosen = std::env::var("AIWORKER_CHAOS").unwrap_or_default();
    let (seed, rounds) =
        chosen.split_once(',').map_or((7, ROUNDS), |(seed, rounds)| (seed.parse().unwrap(), rounds.parse().unwrap()));
    let data = tempfile::tempdir().unwrap();
    let server = Program::new(data.path(), &["serve"]).env("AIWORKER_TTYD", ttyd().to_str().unwrap()).start().await;
    let (browser, agent) = agent_of_new_user(&server.address).await;
    let mut viewer = Viewer::connect(server.address.parse().unwrap(), &browser, agent).await.unwrap();
    viewer.hello(80, 24).await;
    viewer.welcomed().await;
    let tmux = data.path().join(format!("agents/{agent}/run/tmux.sock"));
    let screen = vt100::Parser::new(24, 80, SCROLLBACK);
    let address = server.address.clone();
    let mut chaos = Chaos { address, browser, agent, tmux, viewer, screen, size: (80, 24), typed: vec![], acked: 0 };
    chaos.agree("$", "at first").await;
    chaos.type_in("export PS1=; clear\r").await;
    chaos.type_in(&format!("{PROGRAM}\r")).await;
    chaos.agree("started", "at first").await;
    chaos.type_in("1\r").await;
    let (mut dice, mut total) = (Dice(seed), 1);
    chaos.agree("at-1", "the program runs").await;
    for round in 0..rounds {
        let count = if dice.below(5) == 0 { 1 + dice.below(3000) } else { 1 + dice.below(60) };
        total += count;
        let what = format!("seed {seed}, round {round}");
        // Key by key, with whatever happens between them.
        for key in format!("{count}\r").chars() {
            chaos.type_in(&key.to_string()).await;
            match dice.below(8) {
                0 | 1 => {
                    let resume = chaos.viewer.resume.clone();
                    chaos.come_back(resume).await;
                }
                2 => {
                    let (cols, rows) = (40 + dice.below(100), 10 + dice.below(40));
                    chaos.resize(u16::try_from(cols).unwrap(), u16::try_from(rows).unwrap()).await;
                }
                // It does not read for a while.
                3 => {}
                _ => {
                    for _ in 0..dice.below(6) {
                        chaos.read().await;
                    }
                }
            }
        }
        chaos.settle(total, &what).await;
        if dice.below(4) == 0 {
            chaos.type_in("f\r").await;
            chaos.agree("full", &what).await;
        }
    }
    // A size that settles, and there is no gap either.
    chaos.type_in("5000\r").await;
    total += 5000;
    chaos.resize(100, 30).await;
    let deadline = Instant::now() + PATIENCE;
    loop {
        chaos.agree(&format!("at-{total}"), "at the end").await;
        let numbers = chaos.numbers();
        let first = numbers.first().copied().unwrap_or_default();
        if numbers.len() > 4500 && numbers.iter().copied().eq(first..=total) {
            break;
        }
        assert!(Instant::now() < deadline, "gaps in {:?}", stretches(&numbers));
        chaos.read().await;
    }
}
