//! Autopilot: takes one task after the other and runs the agent's CLI on each, in a worktree and on a branch of its own.
//!
//! It may be killed at any moment: the server remembers the task, git remembers the work, and the next start goes on. What
//! the CLI reports itself stands; only what it leaves open is reported here.

use std::{path::PathBuf, time::Duration};

use domain::tools::Tool;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{
    InsideError, Place,
    terminal::say,
    tools::{CallError, Tools},
};

mod cli;
mod leftover;
mod prompt;
mod verdict;
mod wire;
mod worktree;

use cli::{Cli, Ended};
use verdict::{CRASHES_MAX, Verdict, pause};
use wire::{Next, Seen, Task};
use worktree::{GitError, Worktree};

/// How long a call waits for work or for an answer, in seconds.
const WAIT_SECONDS: u32 = 45;
/// Bounds for the pause that the server asks for when there is no task.
const IDLE_PAUSE: std::ops::RangeInclusive<u64> = 1..=60;
/// How often the hold on a task is renewed unless the server says otherwise.
const HEARTBEAT: Duration = Duration::from_secs(180);
/// The pause between two looks at a task that waits for a person without an open question.
const PARKED_PAUSE: Duration = Duration::from_secs(15);

/// What autopilot needs to know.
#[derive(Debug, Clone)]
pub struct Options {
    /// The repository's clone.
    pub workspace: PathBuf,
    /// Notes of the entrypoint.
    pub run: PathBuf,
    /// The CLI's command line; empty means Claude Code.
    pub template: String,
}

/// Runs until it is stopped or the token does not work any more.
pub async fn run(place: Place, options: Options) -> Result<(), InsideError> {
    let pilot = Pilot { tools: Tools::new(place)?, options };
    say("Autopilot is on. Ctrl-C ends it and gives you a shell.");
    if leftover::end_all(&pilot.options.run) > 0 {
        say("The last autopilot was killed; what it had started is ended, too.");
    }
    loop {
        if let Some(why) = pilot.clone_failure() {
            say(&format!("There is no repository to work in: {why}"));
            say(
                "Mend the project's repository and start the agent again, or clone by hand and run `aiworker autopilot`.",
            );
            return Ok(());
        }
        match pilot.next().await {
            Ok(Some(job)) => match pilot.work(job).await {
                Ok(()) => {}
                Err(CallError::Inside(error)) => return Err(error),
                Err(error) if error.is_lease_lost() => say("The task belongs to somebody else now."),
                Err(error) => {
                    say(&format!("AiWorker refused: {error}"));
                    sleep(PARKED_PAUSE).await;
                }
            },
            Ok(None) => {}
            Err(CallError::Inside(error)) => return Err(error),
            Err(error) => {
                say(&format!("AiWorker refused: {error}"));
                sleep(PARKED_PAUSE).await;
            }
        }
    }
}

/// A task that is ours.
struct Job {
    task: Task,
    epoch: i64,
    heartbeat: Duration,
    resumed: bool,
}

struct Pilot {
    tools: Tools,
    options: Options,
}

impl Pilot {
    fn clone_failure(&self) -> Option<String> {
        // A clone by hand mends it.
        let failed = std::fs::read_to_string(self.options.run.join("clone-failed")).ok()?;
        (!self.options.workspace.join(".git").exists()).then(|| failed.trim().to_owned())
    }

    /// The next task, or nothing after a while without one.
    async fn next(&self) -> Result<Option<Job>, CallError> {
        let next: Next = self.tools.call(Tool::GetNextTask, &json!({ "wait_seconds": WAIT_SECONDS })).await?;
        if let (Some(task), Some(lease)) = (next.task, next.lease) {
            let heartbeat = lease.heartbeat_every_s.map_or(HEARTBEAT, |seconds| Duration::from_secs(seconds.max(5)));
            return Ok(Some(Job { task, epoch: lease.epoch, heartbeat, resumed: next.resumed }));
        }
        let seconds = next.retry_after_s.unwrap_or(1).clamp(*IDLE_PAUSE.start(), *IDLE_PAUSE.end());
        sleep(Duration::from_secs(seconds)).await;
        Ok(None)
    }

    /// Works on one task until it is finished, given up or lost.
    async fn work(&self, job: Job) -> Result<(), CallError> {
        say(&format!("Task: {} ({})", job.task.title, job.task.branch));
        let worktree = match Worktree::prepare(&self.options.workspace, &job.task).await {
            Ok(worktree) => worktree,
            Err(error) => return self.cannot_prepare(&job, &error).await,
        };
        let mut go_on = job.resumed && worktree.was_there;
        let (mut crashes, mut limits) = (0, 0);
        for run in 1.. {
            let ended = self.run_cli(&job, &worktree, go_on, run).await?;
            let seen = self.look(&job.task.id).await?;
            match verdict::of(&ended, &seen, crashes) {
                Verdict::Finished => break,
                Verdict::Lost => {
                    say("The task was taken away; what was done stays on its branch.");
                    return Ok(());
                }
                Verdict::Park => self.park(&job.task.id, seen).await?,
                Verdict::Report => {
                    self.report_finished(&job, &worktree).await?;
                    break;
                }
                Verdict::Limited => {
                    limits += 1;
                    let wait = pause(verdict::LIMIT_PAUSES, limits);
                    self.retry_later(&job, "The CLI met a usage limit", wait, run).await?;
                }
                Verdict::Again => {
                    crashes += 1;
                    let what = format!("{} ({crashes} of {CRASHES_MAX})", ended.sentence());
                    self.retry_later(&job, &what, pause(verdict::CRASH_PAUSES, crashes), run).await?;
                }
                Verdict::GiveUp => {
                    self.give_up(&job, &worktree, &ended).await?;
                    break;
                }
            }
            go_on = true;
        }
        worktree.save_and_leave(&job.task).await;
        Ok(())
    }

    /// Runs the CLI once. The hold on the task is renewed meanwhile; a task that is taken away ends the CLI.
    async fn run_cli(&self, job: &Job, worktree: &Worktree, go_on: bool, run: u32) -> Result<Ended, CallError> {
        let words = prompt::of(&job.task, go_on);
        let folder = worktree.folder();
        let started = Cli::start(&self.options.template, folder, &job.task, job.epoch, &words, (go_on, run));
        let mut cli = match started {
            Ok(cli) => cli,
            Err(error) => return Ok(Ended::not_started(&error)),
        };
        let mut next_look = Instant::now() + job.heartbeat;
        loop {
            tokio::select! {
                ended = cli.ended() => return Ok(ended),
                () = tokio::time::sleep_until(next_look) => {}
            }
            next_look = Instant::now() + job.heartbeat;
            let seen = tokio::select! {
                ended = cli.ended() => return Ok(ended),
                seen = self.look(&job.task.id) => seen,
            };
            match seen {
                Ok(seen) if !seen.is_lost() => {}
                Ok(_) => return Ok(cli.stop().await),
                Err(error) => {
                    cli.stop().await;
                    return Err(error);
                }
            }
        }
    }

    async fn look(&self, task: &str) -> Result<Seen, CallError> {
        self.tools.call(Tool::GetTask, &json!({ "task_id": task })).await
    }

    /// Waits until the open question of the task is answered, or somebody moves the task.
    async fn park(&self, task: &str, mut seen: Seen) -> Result<(), CallError> {
        say("Waiting for an answer to the question.");
        while seen.waits() {
            if let Some(question) = seen.open_question() {
                let arguments = json!({ "question_id": question, "wait_seconds": WAIT_SECONDS });
                let _: serde_json::Value = self.tools.call(Tool::CheckQuestionResponse, &arguments).await?;
            } else {
                sleep(PARKED_PAUSE).await;
            }
            seen = self.look(task).await?;
        }
        Ok(())
    }

    /// Says why it takes longer and waits; the hold on the task is kept.
    async fn retry_later(&self, job: &Job, what: &str, wait: Duration, run: u32) -> Result<(), CallError> {
        let summary = format!("{what}; trying again in {} s.", wait.as_secs());
        say(&summary);
        let key = format!("autopilot-{}-{}-retry-{run}", job.task.id, job.epoch);
        let arguments = json!({
            "task_id": job.task.id, "lease_epoch": job.epoch, "summary": summary, "idempotency_key": key,
        });
        let _: serde_json::Value = self.tools.call(Tool::ReportProgress, &arguments).await?;
        let end = Instant::now() + wait;
        while Instant::now() < end {
            sleep(job.heartbeat.min(end.saturating_duration_since(Instant::now()))).await;
            if self.look(&job.task.id).await?.is_lost() {
                break;
            }
        }
        Ok(())
    }

    /// The CLI ended well and left the reporting to us.
    async fn report_finished(&self, job: &Job, worktree: &Worktree) -> Result<(), CallError> {
        worktree.commit_rest(&job.task).await;
        let commit = worktree.head().await;
        let summary = "The CLI ended well; its work is on the task's branch.";
        self.finish(job, "in_review", summary, commit).await
    }

    async fn give_up(&self, job: &Job, worktree: &Worktree, ended: &Ended) -> Result<(), CallError> {
        worktree.commit_rest(&job.task).await;
        let note = format!("{} The last lines that it printed:\n\n```\n{}\n```", ended.sentence(), ended.tail());
        let key = format!("autopilot-{}-{}-note", job.task.id, job.epoch);
        let arguments = json!({ "task_id": job.task.id, "markdown": note, "idempotency_key": key });
        let _: serde_json::Value = self.tools.call(Tool::AddTaskNote, &arguments).await?;
        let summary = format!("{} It was tried {CRASHES_MAX} times.", ended.sentence());
        self.finish(job, "failed", &summary, worktree.head().await).await
    }

    async fn cannot_prepare(&self, job: &Job, error: &GitError) -> Result<(), CallError> {
        say(&format!("The task's worktree cannot be made: {error}"));
        let summary: String = format!("The task's worktree cannot be made: {error}").chars().take(160).collect();
        self.finish(job, "failed", &summary, None).await
    }

    async fn finish(&self, job: &Job, status: &str, summary: &str, commit: Option<String>) -> Result<(), CallError> {
        say(&format!("{summary} ({status})"));
        let result = commit.map(|commit| json!({ "branch": job.task.branch, "commit": commit }));
        let key = format!("autopilot-{}-{}-{status}", job.task.id, job.epoch);
        let arguments = json!({
            "task_id": job.task.id, "lease_epoch": job.epoch, "status": status, "summary": summary,
            "result": result, "idempotency_key": key,
        });
        let _: serde_json::Value = self.tools.call(Tool::UpdateTaskStatus, &arguments).await?;
        Ok(())
    }
}
