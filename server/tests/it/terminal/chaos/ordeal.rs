//! A viewer to whom things happen, and what must be so after each: what a terminal emulator shows equals `tmux capture-pane`, every
//! line is there once, and every key was typed once.

use std::time::Duration;

use domain::{
    AgentId,
    terminal::{ClientFrame, Mode, ResetReason, Resume, ServerFrame},
};
use futures::StreamExt as _;
use server::terminal::limits::{HISTORY_MIN, HOLD_MAX, WINDOW_MAX};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    support::{Client, Dice},
    terminal::viewer::Viewer,
};

/// How long it may take until everything is shown: many of these run side by side.
const PATIENCE: Duration = Duration::from_secs(90);

/// Lines that the emulator keeps, as xterm does in the page.
const SCROLLBACK: usize = 5000;
/// What a line of the program takes at least, in bytes.
pub const LINE: usize = "line-1 漢字\r\n".len();
/// Lines that are more than may be under way to a viewer and wait for it. tmux leaves some out that it is given faster than it can
/// show them, hence so many.
pub const BEYOND_THE_WINDOW: usize = 2 * (WINDOW_MAX + HOLD_MAX) / LINE;
/// Prints as many numbered lines as it is told, with characters of two columns, at once or, after an `s`, one by one; `f` shows a full-screen program's screen. That is
/// left exactly once: to leave it again puts the cursor back to where it was then, and what follows is printed over other lines.
const PROGRAM: &str = r#"stty -echo; echo st''arted; c=0; leave=; while read -r n; do printf "$leave"; leave=; case $n in f) leave='\033[?1049l'; printf '\033[?1049h\033[2J\033[3;9Hfull\033[5;4H漢字 %s' "$c";; s*) n=${n#s}; for ((i = c + 1; i <= c + n; i++)); do echo "line-$i 漢字"; done; c=$((c+n)); echo "at-$c";; *) seq -f 'line-%.0f 漢字' $((c+1)) $((c+n)); c=$((c+n)); echo "at-$c";; esac; done"#;

/// Where the agent's tmux is asked.
pub trait Tmux: Clone + Send + Sync + 'static {
    /// What tmux answers to these arguments.
    fn ask(&self, arguments: &[&str]) -> impl Future<Output = String> + Send;
}

pub struct Ordeal<T> {
    address: String,
    browser: Client,
    agent: AgentId,
    tmux: T,
    pub viewer: Viewer,
    screen: vt100::Parser,
    size: (u16, u16),
    typed: Vec<Vec<u8>>,
    acked: u32,
    /// How often output was left out because this viewer was too far behind.
    pub skips: usize,
}

impl<T: Tmux> Ordeal<T> {
    /// Everything that the program was told, numbered, is sent from where the server stands.
    pub async fn type_in(&mut self, text: &str) {
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

    /// Reads one frame, if one comes soon. Says whether one did.
    pub async fn read(&mut self) -> bool {
        let Ok(message) = timeout(Duration::from_millis(50), self.viewer.socket.next()).await else { return false };
        let Message::Binary(frame) = message.expect("the server hung up").unwrap() else { return true };
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
                self.skips += usize::from(reset.reason == ResetReason::Skipped);
                (self.viewer.resume.epoch, self.viewer.resume.seq) = (reset.epoch, 0);
                self.screen.process(b"\x1bc");
            }
            ServerFrame::InputAck(next) => self.acked = next,
            ServerFrame::End(end) => panic!("{end:?}"),
            _ => {}
        }
        true
    }

    pub async fn resize(&mut self, cols: u16, rows: u16) {
        if self.size == (cols, rows) {
            return;
        }
        self.size = (cols, rows);
        // The emulator breaks wide characters when it becomes narrower. All of it is painted anew soon.
        self.screen = vt100::Parser::new(rows, cols, SCROLLBACK);
        self.viewer.resize(cols.into(), rows.into()).await;
    }

    /// What tmux shows. Frames are read meanwhile: a viewer that lets them wait is one on a slow line, and gets less history.
    async fn capture(&mut self) -> Vec<String> {
        let tmux = self.tmux.clone();
        let captured = tokio::spawn(async move { capture(&tmux).await });
        while !captured.is_finished() {
            self.read().await;
        }
        captured.await.unwrap()
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
    pub async fn agree(&mut self, text: &str, what: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            while self.read().await {}
            let captured = self.capture().await;
            let shown = self.shown();
            if shown == captured && shown.iter().any(|line| line.contains(text)) {
                return;
            }
            assert!(Instant::now() < deadline, "{what}: no {text:?}, or\n{shown:#?}\nis not\n{captured:#?}");
        }
    }

    /// Waits until the emulator shows what tmux shows and holds no line twice. A change of size lays lines out twice, in the
    /// emulator and in tmux, until history and screen are painted anew 300 ms later.
    pub async fn settle(&mut self, total: usize, what: &str) {
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
    fn numbers(&mut self) -> Vec<usize> {
        let (rows, columns) = self.screen.screen().size();
        let mut numbers = Vec::new();
        self.screen.screen_mut().set_scrollback(usize::MAX);
        let mut offset = self.screen.screen().scrollback();
        loop {
            self.screen.screen_mut().set_scrollback(offset);
            let take = if offset == 0 { usize::from(rows) } else { offset.min(rows.into()) };
            let page: Vec<String> = self.screen.screen().rows(0, columns).take(take).collect();
            numbers.extend(page.iter().filter_map(|line| number(line)));
            if offset == 0 {
                return numbers;
            }
            offset -= take;
        }
    }
}

/// The lines that tmux shows, and a last line of facts.
async fn capture(tmux: &impl Tmux) -> Vec<String> {
    const FACTS: &str = "#{window_width} #{window_height} #{cursor_x},#{cursor_y}";
    let target = ["-p", "-t", "=agent:"];
    let arguments = [&["capture-pane"], &target[..], &[";", "display-message"], &target[..], &[FACTS]].concat();
    tmux.ask(&arguments).await.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// The number of a numbered line.
fn number(line: &str) -> Option<usize> {
    line.strip_prefix("line-")?.split(' ').next()?.parse().ok()
}

/// Numbers without gaps between them, as first and last.
fn stretches(numbers: &[usize]) -> Vec<(usize, usize)> {
    let stretches = numbers.chunk_by(|one, next| *next == one + 1);
    stretches.map(|stretch| (stretch[0], stretch[stretch.len() - 1])).collect()
}

/// What happens to a viewer.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Cut,
    /// It reads and acknowledges nothing while so many further lines are printed, one by one.
    Stall(usize),
    Size(u16, u16),
}

impl Happening {
    fn thrown(dice: &mut Dice) -> Self {
        match dice.below(3) {
            0 => Self::Cut,
            1 => Self::Stall(if dice.below(20) == 0 { BEYOND_THE_WINDOW } else { 1 + dice.below(2000) }),
            _ => {
                let (cols, rows) = (40 + dice.below(100), 10 + dice.below(40));
                Self::Size(u16::try_from(cols).unwrap(), u16::try_from(rows).unwrap())
            }
        }
    }
}

impl<T: Tmux> Ordeal<T> {
    pub async fn open(address: &str, browser: &Client, agent: AgentId, tmux: T) -> Self {
        let mut viewer = Viewer::connect(address.parse().unwrap(), browser, agent).await.unwrap();
        viewer.hello(80, 24).await;
        viewer.welcomed().await;
        let screen = vt100::Parser::new(24, 80, SCROLLBACK);
        let (address, browser) = (address.to_owned(), browser.clone());
        let mut ordeal =
            Self { address, browser, agent, tmux, viewer, screen, size: (80, 24), typed: vec![], acked: 0, skips: 0 };
        ordeal.agree("$", "at first").await;
        ordeal.type_in("export PS1=; clear\r").await;
        ordeal.type_in(&format!("{PROGRAM}\r")).await;
        ordeal.agree("started", "at first").await;
        ordeal.type_in("1\r").await;
        ordeal.agree("at-1", "the program runs").await;
        ordeal
    }

    async fn suffer(&mut self, happening: Happening, dice: &mut Dice) {
        match happening {
            Happening::Cut => {
                let resume = self.viewer.resume.clone();
                self.come_back(resume).await;
            }
            Happening::Size(cols, rows) => self.resize(cols, rows).await,
            // It begins with the next keys, which are typed blindly.
            Happening::Stall(_) => return,
        }
        for _ in 0..dice.below(6) {
            self.read().await;
        }
    }

    /// Has lines printed one by one, up to this one, and reads until they begin: what is typed waits as long as a history does that
    /// nobody reads.
    async fn print_slowly(&mut self, lines: usize, last: usize, what: &str) {
        let (first, end, deadline) = (last - lines, format!("at-{last}"), Instant::now() + PATIENCE);
        self.type_in(&format!("s{lines}\r")).await;
        let is_begun = |line: &String| *line == end || number(line).is_some_and(|number| number > first);
        while !self.capture().await.iter().any(is_begun) {
            assert!(Instant::now() < deadline, "{what}: the agent does not begin");
            self.read().await;
        }
    }

    /// Neither reads nor acknowledges anything until everything up to this line has been printed.
    pub async fn stall(&self, last: usize, what: &str) {
        let (before, end, deadline) = (self.viewer.resume.clone(), format!("at-{last}"), Instant::now() + PATIENCE);
        while !capture(&self.tmux).await.contains(&end) {
            assert!(Instant::now() < deadline, "{what}: no {end:?} on the agent's side");
        }
        assert_eq!(self.viewer.resume, before, "it read meanwhile");
    }

    /// So many things happen, each while a number is being typed that makes the program print; after each, all is as it should be.
    pub async fn run(&mut self, seed: u64, events: u64) {
        let (mut dice, mut total) = (Dice::seeded(seed), 1_usize);
        for event in 0..events {
            let count = if dice.below(8) == 0 { 1 + dice.below(3000) } else { 1 + dice.below(60) };
            total += count;
            let happening = Happening::thrown(&mut dice);
            let what = format!("seed {seed}, event {event}, {happening:?}");
            let keys: Vec<String> = format!("{count}\r").chars().map(String::from).collect();
            let at = dice.below(keys.len());
            for (number, key) in keys.iter().enumerate() {
                self.type_in(key).await;
                if number == at {
                    self.suffer(happening, &mut dice).await;
                }
            }
            if let Happening::Stall(lines) = happening {
                total += lines;
                self.print_slowly(lines, total, &what).await;
                self.stall(total, &what).await;
            }
            self.settle(total, &what).await;
            if dice.below(6) == 0 {
                self.type_in("f\r").await;
                self.agree("full", &what).await;
            }
        }
        self.end(total).await;
    }

    /// A size that settles, and there is no gap either. How far back it goes depends on how fast this viewer was; one that comes anew
    /// has everything.
    async fn end(&mut self, total: usize) {
        self.type_in("5000\r").await;
        let total = total + 5000;
        self.resize(100, 30).await;
        self.settle_without_gaps(total, HISTORY_MIN / format!("line-{total} 漢字\r\n").len()).await;
        let mut viewer = Viewer::connect(self.address.parse().unwrap(), &self.browser, self.agent).await.unwrap();
        viewer.hello(100, 30).await;
        viewer.welcomed().await;
        (self.viewer, self.screen) = (viewer, vt100::Parser::new(30, 100, SCROLLBACK));
        self.settle_without_gaps(total, 4500).await;
    }

    pub async fn settle_without_gaps(&mut self, total: usize, least: usize) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.agree(&format!("at-{total}"), "at the end").await;
            let numbers = self.numbers();
            let first = numbers.first().copied().unwrap_or_default();
            if numbers.len() >= least && numbers.iter().copied().eq(first..=total) {
                break;
            }
            assert!(Instant::now() < deadline, "gaps in {:?}, or less than {least} lines", stretches(&numbers));
            self.read().await;
        }
    }
}
