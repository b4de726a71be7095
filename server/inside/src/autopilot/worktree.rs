//! A task's own git worktree and branch in the agent's clone. Work is never thrown away: what is not committed when the
//! CLI ends is committed, and the branch stays.

use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{process::Command, time::timeout};

use super::{super::terminal::say, wire::Task};

/// Where worktrees are, in the workspace.
const FOLDER: &str = ".aiworker/worktrees";
/// How long git may take on the disk.
const LOCAL_DEADLINE: Duration = Duration::from_secs(120);
/// How long git may take over the network.
const REMOTE_DEADLINE: Duration = Duration::from_secs(120);

/// What git said when it did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// It cannot be started.
    #[error("git cannot be started: {0}")]
    Start(#[from] io::Error),
    /// It took too long.
    #[error("`git {0}` took too long")]
    Slow(String),
    /// It failed.
    #[error("{0}")]
    Failed(String),
    /// The task's branch is not one of ours.
    #[error("{0:?} is no branch that a task may have")]
    Branch(String),
}

/// A task's worktree.
#[derive(Debug)]
pub struct Worktree {
    workspace: PathBuf,
    folder: PathBuf,
    /// Whether an earlier start made it.
    pub was_there: bool,
}

impl Worktree {
    /// Makes it, or finds it as it was left. A workspace without a repository gets an empty one.
    pub async fn prepare(workspace: &Path, task: &Task) -> Result<Self, GitError> {
        let safe = |text: &str| {
            !text.is_empty()
                && !text.starts_with('-')
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_/.".contains(&b))
        };
        if !safe(&task.branch) || task.branch.contains("..") || !safe(&task.id) || task.id.contains('/') {
            return Err(GitError::Branch(task.branch.clone()));
        }
        if !workspace.join(".git").exists() {
            git(workspace, &["init", "--quiet", "--initial-branch=main"]).await?;
            git(workspace, &["commit", "--quiet", "--allow-empty", "--message=Begin"]).await?;
        }
        exclude(workspace)?;
        let folder = workspace.join(FOLDER).join(&task.id);
        let was_there = folder.join(".git").exists() && git(&folder, &["rev-parse", "--verify", "HEAD"]).await.is_ok();
        if !was_there {
            let _ = std::fs::remove_dir_all(&folder);
            git(workspace, &["worktree", "prune"]).await?;
            add(workspace, &folder, task).await?;
        }
        Ok(Self { workspace: workspace.to_owned(), folder, was_there })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The commit that its branch is at.
    pub async fn head(&self) -> Option<String> {
        git(&self.folder, &["rev-parse", "HEAD"]).await.ok()
    }

    /// Commits what the CLI left uncommitted.
    pub async fn commit_rest(&self, task: &Task) {
        let status = git(&self.folder, &["status", "--porcelain"]).await.unwrap_or_default();
        if status.is_empty() {
            return;
        }
        let message = format!("{} (left uncommitted by the agent)", task.title);
        let saved = async {
            git(&self.folder, &["add", "--all"]).await?;
            git(&self.folder, &["commit", "--quiet", "--no-verify", "--message", &message]).await
        };
        if let Err(error) = saved.await {
            say(&format!("What is left uncommitted in {} stays there: {error}", self.folder.display()));
        }
    }

    /// Saves all work, offers the branch to the repository's host, and removes the worktree. The branch stays.
    pub async fn save_and_leave(&self, task: &Task) {
        self.commit_rest(task).await;
        if git(&self.workspace, &["remote", "get-url", "origin"]).await.is_ok() {
            let target = format!("HEAD:refs/heads/{}", task.branch);
            if let Err(error) = git_within(&self.folder, &["push", "--quiet", "origin", &target], REMOTE_DEADLINE).await
            {
                say(&format!("The branch {} could not be pushed; it is in the workspace: {error}", task.branch));
            }
        }
        // Refuses by itself while anything in it is not committed.
        let _ = git(&self.workspace, &["worktree", "remove", &self.folder.to_string_lossy()]).await;
    }
}

/// From the branch as it is here, as another agent pushed it, or new from the default branch.
async fn add(workspace: &Path, folder: &Path, task: &Task) -> Result<(), GitError> {
    let path = folder.to_string_lossy();
    let exists = async |reference: &str| git(workspace, &["rev-parse", "--verify", "--quiet", reference]).await.is_ok();
    if exists(&format!("refs/heads/{}", task.branch)).await {
        return git(workspace, &["worktree", "add", "--quiet", "--force", &path, &task.branch]).await.map(|_| ());
    }
    if git(workspace, &["remote", "get-url", "origin"]).await.is_ok()
        && let Err(error) = git_within(workspace, &["fetch", "--quiet", "origin"], REMOTE_DEADLINE).await
    {
        say(&format!("The repository could not be fetched; working from what is here: {error}"));
    }
    let candidates = [format!("origin/{}", task.branch), format!("origin/{}", task.default_branch), "HEAD".to_owned()];
    let mut base = None;
    for candidate in &candidates {
        if exists(candidate).await {
            base = Some(candidate);
            break;
        }
    }
    let mut arguments = vec!["worktree", "add", "--quiet", "--no-track", "-b", &task.branch, &path];
    match base {
        Some(base) => arguments.push(base),
        // A clone of an empty repository.
        None => arguments = vec!["worktree", "add", "--quiet", "--orphan", "-b", &task.branch, &path],
    }
    git(workspace, &arguments).await.map(|_| ())
}

/// Keeps the worktrees out of `git status` in the workspace itself.
fn exclude(workspace: &Path) -> Result<(), GitError> {
    let folder = workspace.join(".git/info");
    if !workspace.join(".git").is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("exclude");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    if !text.lines().any(|line| line == "/.aiworker/") {
        std::fs::write(&path, format!("{}\n/.aiworker/\n", text.trim_end()))?;
    }
    Ok(())
}

async fn git(folder: &Path, arguments: &[&str]) -> Result<String, GitError> {
    git_within(folder, arguments, LOCAL_DEADLINE).await
}

async fn git_within(folder: &Path, arguments: &[&str], deadline: Duration) -> Result<String, GitError> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments).env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "true");
    command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=15 -o StrictHostKeyChecking=accept-new");
    command.stdin(Stdio::null()).kill_on_drop(true);
    let name = arguments.first().copied().unwrap_or_default().to_owned();
    let output = timeout(deadline, command.output()).await.map_err(|_| GitError::Slow(name))??;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("git failed").trim().to_owned();
    Err(GitError::Failed(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(id: &str) -> Task {
        let text = serde_json::json!({ "id": id, "title": "Say hello", "branch": format!("agent/{id}") });
        serde_json::from_value(text).unwrap()
    }

    async fn workspace() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "--quiet", "--initial-branch=main"]).await.unwrap();
        for (key, value) in [("user.name", "Ada"), ("user.email", "ada@example.org")] {
            git(folder.path(), &["config", key, value]).await.unwrap();
        }
        git(folder.path(), &["commit", "--quiet", "--allow-empty", "--message=Begin"]).await.unwrap();
        folder
    }

    #[tokio::test]
    async fn each_task_has_a_branch_and_no_work_is_lost() {
        let folder = workspace().await;
        let (first, second) = (task("one"), task("two"));
        let one = Worktree::prepare(folder.path(), &first).await.unwrap();
        assert!(!one.was_there);
        std::fs::write(one.folder().join("hello.txt"), "hello").unwrap();
        let again = Worktree::prepare(folder.path(), &first).await.unwrap();
        assert!(again.was_there && again.folder().join("hello.txt").is_file());
        let two = Worktree::prepare(folder.path(), &second).await.unwrap();
        assert!(!two.folder().join("hello.txt").exists(), "they do not see each other");

        one.save_and_leave(&first).await;
        assert!(!one.folder().exists());
        let shown = git(folder.path(), &["show", "agent/one:hello.txt"]).await.unwrap();
        assert_eq!(shown, "hello");
        assert_eq!(git(folder.path(), &["status", "--porcelain"]).await.unwrap(), "", "the workspace itself is clean");
        let back = Worktree::prepare(folder.path(), &first).await.unwrap();
        assert!(back.folder().join("hello.txt").is_file(), "a task that comes back finds its branch");
    }

    #[tokio::test]
    async fn a_branch_cannot_lead_out_of_its_place() {
        let folder = workspace().await;
        for branch in ["", "-b", "agent/../x", "a b", "a;b"] {
            let mut bad = task("one");
            bad.branch = branch.to_owned();
            assert!(matches!(Worktree::prepare(folder.path(), &bad).await, Err(GitError::Branch(_))), "{branch:?}");
        }
    }
}
