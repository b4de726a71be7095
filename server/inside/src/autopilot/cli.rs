//! One run of the agent's coding CLI: a command line of the shell, with the prompt on its standard input.
//!
//! What it prints is shown as it comes, and the end of it is remembered.

use std::{collections::VecDeque, io, path::Path, process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    sync::mpsc,
    time::timeout,
};

use super::{super::terminal::show, leftover, wire::Task};

/// What runs unless the agent says otherwise. Nobody is there to be asked for permissions; the agent's own sandbox is the
/// boundary.
const CLAUDE_CODE: &str = "claude --print --dangerously-skip-permissions ${AIWORKER_CONTINUE:+--continue}";
/// How much of the end of what it printed is remembered, in bytes.
const TAIL_BYTES: usize = 4096;
/// How long it may take to end after SIGTERM.
const STOP_GRACE: Duration = Duration::from_secs(10);
/// How long what is left of its output may take to arrive after its end.
const OUTPUT_GRACE: Duration = Duration::from_secs(2);
/// Words by which CLIs say that their user has used up something.
const LIMIT_WORDS: [&str; 8] = [
    "usage limit",
    "rate limit",
    "rate_limit",
    "hit your limit",
    "limit reached",
    "quota",
    "overloaded",
    "credit balance",
];

/// A CLI that runs.
pub struct Cli {
    child: Child,
    output: mpsc::Receiver<Vec<u8>>,
    tail: VecDeque<u8>,
}

/// How it ended.
#[derive(Debug)]
pub struct Ended {
    code: Option<i32>,
    tail: String,
}

impl Cli {
    /// Starts it.
    pub fn start(
        template: &str,
        folder: &Path,
        task: &Task,
        epoch: i64,
        prompt: &str,
        (go_on, run): (bool, u32),
    ) -> io::Result<Self> {
        let template = if template.trim().is_empty() { CLAUDE_CODE } else { template };
        let mut command = Command::new("bash");
        command.args(["-c", template]).current_dir(folder);
        command.env("AIWORKER_TASK_ID", &task.id).env("AIWORKER_TASK_TITLE", &task.title);
        command.env("AIWORKER_TASK_BRANCH", &task.branch).env("AIWORKER_LEASE_EPOCH", epoch.to_string());
        command.env(leftover::MARK, run.to_string()).env_remove("AIWORKER_CONTINUE");
        if go_on {
            command.env("AIWORKER_CONTINUE", "1");
        }
        // A group of its own, so that all of it can be ended.
        command.process_group(0).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let (sender, output) = mpsc::channel(64);
        let streams = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        if let (Some(mut stdin), Some(stdout), Some(stderr)) = streams {
            let prompt = prompt.as_bytes().to_vec();
            // A CLI that reads no prompt is no failure.
            tokio::spawn(async move { stdin.write_all(&prompt).await });
            tokio::spawn(copy(stdout, sender.clone()));
            tokio::spawn(copy(stderr, sender));
        }
        Ok(Self { child, output, tail: VecDeque::new() })
    }

    /// Shows what it prints until it ends. May be dropped and called again.
    pub async fn ended(&mut self) -> Ended {
        let status = loop {
            tokio::select! {
                Some(bytes) = self.output.recv() => self.printed(&bytes),
                status = self.child.wait() => break status,
            }
        };
        let rest = async {
            while let Some(bytes) = self.output.recv().await {
                self.tail.extend(&bytes);
                show(&bytes);
            }
        };
        // Something that it left in the background may hold the pipe open.
        let _ = timeout(OUTPUT_GRACE, rest).await;
        self.cut();
        self.end_group(Signal::KILL);
        Ended { code: status.ok().and_then(|status| status.code()), tail: self.tail_text() }
    }

    /// Ends it, and everything it started.
    pub async fn stop(&mut self) -> Ended {
        self.end_group(Signal::TERM);
        if let Ok(ended) = timeout(STOP_GRACE, self.ended()).await {
            ended
        } else {
            self.end_group(Signal::KILL);
            self.ended().await
        }
    }

    fn printed(&mut self, bytes: &[u8]) {
        show(bytes);
        self.tail.extend(bytes);
        self.cut();
    }

    fn cut(&mut self) {
        let excess = self.tail.len().saturating_sub(TAIL_BYTES);
        self.tail.drain(..excess);
    }

    fn tail_text(&self) -> String {
        let (first, second) = self.tail.as_slices();
        String::from_utf8_lossy(&[first, second].concat()).into_owned()
    }

    fn end_group(&self, signal: Signal) {
        let group = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(group) = group {
            let _ = kill_process_group(group, signal);
        }
    }
}

async fn copy(mut from: impl AsyncRead + Unpin, to: mpsc::Sender<Vec<u8>>) {
    let mut buffer = vec![0; 8192];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if to.send(buffer[..length].to_vec()).await.is_err() {
            return;
        }
    }
}

impl Ended {
    /// It could not even be started.
    pub fn not_started(error: &io::Error) -> Self {
        Self { code: None, tail: format!("bash cannot be started: {error}") }
    }

    #[cfg(test)]
    pub fn with(code: Option<i32>, tail: &str) -> Self {
        Self { code, tail: tail.to_owned() }
    }

    /// Whether it says that all went well.
    pub fn is_well(&self) -> bool {
        self.code == Some(0)
    }

    /// Whether it ended because something is used up for now.
    pub fn met_a_limit(&self) -> bool {
        let text = self.tail.to_lowercase();
        !self.is_well() && LIMIT_WORDS.iter().any(|word| text.contains(word))
    }

    /// How it ended, for people.
    pub fn sentence(&self) -> String {
        match self.code {
            Some(127) => "The CLI ended with code 127: it was not found.".to_owned(),
            Some(code) => format!("The CLI ended with code {code}."),
            None => "The CLI was killed.".to_owned(),
        }
    }

    /// The last lines that it printed, without control characters.
    pub fn tail(&self) -> String {
        let clean = |character: &char| *character == '\n' || !character.is_control();
        self.tail.replace("```", "'''").chars().filter(clean).collect::<String>().trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(template: &str, folder: &Path) -> Cli {
        let task = serde_json::json!({ "id": "t1", "title": "Paint", "branch": "agent/t1" });
        let task: Task = serde_json::from_value(task).unwrap();
        Cli::start(template, folder, &task, 7, "Do it.\n", (true, 2)).unwrap()
    }

    #[tokio::test]
    async fn it_gets_the_prompt_and_the_task_and_its_last_words_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let template =
            r#"cat; echo "$AIWORKER_TASK_ID $AIWORKER_LEASE_EPOCH $AIWORKER_CONTINUE $AIWORKER_TASK_RUN"; exit 3"#;
        let ended = start(template, folder.path()).ended().await;
        assert_eq!(ended.tail(), "Do it.\nt1 7 1 2");
        assert!(!ended.is_well() && !ended.met_a_limit());
        assert_eq!(ended.sentence(), "The CLI ended with code 3.");
        let long = start("head -c 100000 /dev/zero | tr '\\0' x; echo end", folder.path()).ended().await;
        assert!(long.is_well() && long.tail().len() <= TAIL_BYTES && long.tail().ends_with("end"));
    }

    #[tokio::test]
    async fn stopping_it_ends_what_it_started_too() {
        let folder = tempfile::tempdir().unwrap();
        let mut cli = start("tail -f /dev/null & echo $! > child; wait", folder.path());
        let child = folder.path().join("child");
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        while std::fs::read_to_string(&child).map_or(0, |text| text.len()) < 2 {
            tick.tick().await;
        }
        assert!(!cli.stop().await.is_well());
        let pid = std::fs::read_to_string(&child).unwrap();
        let stat = || std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        // A signal that was sent takes effect when the process runs next.
        let ended = async {
            while !(stat().is_empty() || stat().contains(") Z ")) {
                tick.tick().await;
            }
        };
        assert!(timeout(STOP_GRACE, ended).await.is_ok(), "{}", stat());
    }
}
