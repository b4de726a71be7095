//! Real agents, and viewers to whom everything happens: cuts, stalls, sizes, seeded and repeatable. After each, what a
//! terminal emulator shows equals `tmux capture-pane`, every line is there once, and every key was typed once.
//!
//! `AIWORKER_CHAOS=seed,runs,events` picks another run: so many agents side by side, so many events to each, the first with this seed.

use std::{
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    time::Duration,
};

use domain::{
    AgentId,
    terminal::{ClientFrame, Mode, ResetReason, Resume, ServerFrame},
};
use futures::{FutureExt as _, StreamExt as _, future::join_all};
use server::terminal::limits::{HISTORY_MIN, HOLD_MAX, WINDOW_MAX};
use tokio::{
    process::Command,
    time::{Instant, timeout},
};
use tokio_tungstenite::tungstenite::Message;

use super::{
    real::{another_agent, remove, ttyd, user},
    viewer::Viewer,
};
use crate::support::{Client, Dice, Program};

/// How long it may take until everything is shown: many of these run side by side.
const PATIENCE: Duration = Duration::from_secs(90);

/// What happens unless chosen otherwise: the first seed, agents side by side, events to each.
const CHOICE: (u64, u64, u64) = (7, 10, 100);
/// Lines that the emulator keeps, as xterm does in the page.
const SCROLLBACK: usize = 5000;
/// What a line of the program takes at least, in bytes.
const LINE: usize = "line-1 漢字\r\n".len();
/// Lines that are more than may be under way to a viewer and wait for it. tmux leaves some out that it is given faster than it can
/// show them, hence so many.
const BEYOND_THE_WINDOW: usize = 2 * (WINDOW_MAX + HOLD_MAX) / LINE;
/// Prints as many numbered lines as it is told, with characters of two columns, at once or, after an `s`, one by one; `f` shows a full-screen program's screen. That is
/// left exactly once: to leave it again puts the cursor back to where it was then, and what follows is printed over other lines.
const PROGRAM: &str = r#"stty -echo; echo st''arted; c=0; leave=; while read -r n; do printf "$leave"; leave=; case $n in f) leave='\033[?1049l'; printf '\033[?1049h\033[2J\033[3;9Hfull\033[5;4H漢字 %s' "$c";; s*) n=${n#s}; for ((i = c + 1; i <= c + n; i++)); do echo "line-$i 漢字"; done; c=$((c+n)); echo "at-$c";; *) seq -f 'line-%.0f 漢字' $((c+1)) $((c+n)); c=$((c+n)); echo "at-$c";; esac; done"#;

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
    /// How often output was left out because this viewer was too far behind.
    skips: usize,
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

    /// Reads one frame, if one comes soon. Says whether one did.
    async fn read(&mut self) -> bool {
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

    async fn resize(&mut self, cols: u16, rows: u16) {
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
    async fn agree(&mut self, text: &str, what: &str) {
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
    async fn settle(&mut self, total: usize, what: &str) {
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
async fn capture(tmux: &Path) -> Vec<String> {
    let output = Command::new("tmux")
        .arg("-S")
        .arg(tmux)
        .args(["capture-pane", "-p", "-t", "=agent:", ";", "display-message", "-p", "-t", "=agent:"])
        .arg("#{window_width} #{window_height} #{cursor_x},#{cursor_y}")
        .output();
    let text = String::from_utf8(output.await.unwrap().stdout).unwrap();
    text.lines().map(|line| line.trim_end().to_owned()).collect()
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

impl Chaos {
    async fn open(address: &str, browser: &Client, agent: AgentId, tmux: PathBuf) -> Self {
        let mut viewer = Viewer::connect(address.parse().unwrap(), browser, agent).await.unwrap();
        viewer.hello(80, 24).await;
        viewer.welcomed().await;
        let screen = vt100::Parser::new(24, 80, SCROLLBACK);
        let (address, browser) = (address.to_owned(), browser.clone());
        let mut chaos =
            Self { address, browser, agent, tmux, viewer, screen, size: (80, 24), typed: vec![], acked: 0, skips: 0 };
        chaos.agree("$", "at first").await;
        chaos.type_in("export PS1=; clear\r").await;
        chaos.type_in(&format!("{PROGRAM}\r")).await;
        chaos.agree("started", "at first").await;
        chaos.type_in("1\r").await;
        chaos.agree("at-1", "the program runs").await;
        chaos
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
    async fn stall(&self, last: usize, what: &str) {
        let (before, end, deadline) = (self.viewer.resume.clone(), format!("at-{last}"), Instant::now() + PATIENCE);
        while !capture(&self.tmux).await.contains(&end) {
            assert!(Instant::now() < deadline, "{what}: no {end:?} on the agent's side");
        }
        assert_eq!(self.viewer.resume, before, "it read meanwhile");
    }

    /// So many things happen, each while a number is being typed that makes the program print; after each, all is as it should be.
    async fn run(&mut self, seed: u64, events: u64) {
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

    async fn settle_without_gaps(&mut self, total: usize, least: usize) {
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

fn choice() -> (u64, u64, u64) {
    let Ok(chosen) = std::env::var("AIWORKER_CHAOS") else { return CHOICE };
    let numbers: Vec<u64> = chosen.split(',').map(|number| number.parse().unwrap()).collect();
    let [seed, runs, events] = numbers.try_into().expect("AIWORKER_CHAOS is seed,runs,events");
    (seed, runs, events)
}

/// Starts a server with so many agents, and removes them whatever becomes of the test.
async fn with_agents(runs: u64, test: impl AsyncFn(String, Client, Vec<(AgentId, PathBuf)>)) {
    let data = tempfile::tempdir().unwrap();
    let server = Program::new(data.path(), &["serve"]).env("AIWORKER_TTYD", ttyd().to_str().unwrap()).start().await;
    let (browser, project) = user(&server.address).await;
    let agents = join_all((0..runs).map(|_| another_agent(&browser, &project))).await;
    let sockets = agents.iter().map(|agent| (*agent, data.path().join(format!("agents/{agent}/run/tmux.sock"))));
    let running = test(server.address.clone(), browser.clone(), sockets.collect());
    let outcome = AssertUnwindSafe(running).catch_unwind().await;
    join_all(agents.iter().map(|agent| remove(&browser, *agent))).await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_the_screen_is_that_of_tmux() {
    let (seed, runs, events) = choice();
    with_agents(runs, async |address, browser, agents| {
        let runs = agents.into_iter().zip(seed..).map(async |((agent, tmux), seed)| {
            Chaos::open(&address, &browser, agent, tmux).await.run(seed, events).await;
        });
        join_all(runs).await;
    })
    .await;
}

/// tmux moves lines between history and screen when it brings the main screen back.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_screen_program_that_ends_after_a_new_size_leaves_no_line_twice() {
    with_agents(1, async |address, browser, agents| {
        let [(agent, tmux)] = agents.try_into().unwrap();
        let mut chaos = Chaos::open(&address, &browser, agent, tmux).await;
        chaos.type_in("100\r").await;
        chaos.settle(101, "before").await;
        chaos.type_in("f\r").await;
        chaos.agree("full", "before").await;
        let epoch = chaos.viewer.resume.epoch;
        chaos.resize(80, 40).await;
        while chaos.viewer.resume.epoch == epoch {
            chaos.read().await;
        }
        chaos.agree("full", "laid out anew").await;
        chaos.type_in("5\r").await;
        chaos.settle(106, "after").await;
    })
    .await;
}

/// Beyond what may be under way and what waits, output is left out; in the end the viewer shows what tmux shows, with all lines.
#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_stalls_beyond_its_window_ends_where_tmux_is() {
    with_agents(1, async |address, browser, agents| {
        let [(agent, tmux)] = agents.try_into().unwrap();
        let mut chaos = Chaos::open(&address, &browser, agent, tmux).await;
        let total = 1 + BEYOND_THE_WINDOW;
        chaos.type_in(&format!("s{BEYOND_THE_WINDOW}\r")).await;
        chaos.stall(total, "a stall").await;
        assert_eq!(chaos.skips, 0, "it is not told before it reads");
        chaos.settle(total, "after the stall").await;
        assert_eq!(chaos.skips, 1, "it was not beyond the window");
        chaos.type_in("5\r").await;
        chaos.settle_without_gaps(total + 5, HISTORY_MIN / LINE / 2).await;
    })
    .await;
}
