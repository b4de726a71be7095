//! Autopilot as it runs inside agents, with a command line of the shell for its coding CLI: what it does while a question is
//! open, when the CLI has used something up, and when it crashes again and again.

use std::{path::Path, process::Stdio, time::Duration};

use domain::{AgentId, TaskId};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::support::{Client, TestApp, eventually};

/// How long a thing may take that autopilot does after pauses of its own.
const PATIENCE: Duration = Duration::from_secs(60);
/// The author of its commits.
const AUTHOR: (&str, &str) = ("ann", "ann@users.noreply.example.org");

/// An agent on autopilot with a task.
struct World {
    app: TestApp,
    browser: Client,
    agent: AgentId,
    task: TaskId,
    folder: TempDir,
    autopilot: Child,
}

impl World {
    /// `cli` is what works on tasks. It finds the agent's token in `$AIWORKER_TOKEN_FILE` and may leave files in `$RUN`.
    async fn with(cli: &str) -> Self {
        let app = TestApp::new().await;
        app.run_reconciler();
        let user = app.register("ann").await;
        let objects = app.objects_of(user).await;
        let given = || app.runtime.spec(objects.agent).and_then(|spec| spec.token);
        eventually("the agent has a token", async || given().is_some()).await;
        let folder = tempfile::tempdir().unwrap();
        for name in ["workspace", "run"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("token"), given().unwrap().expose_secret()).unwrap();
        let (name, email) = AUTHOR;
        std::fs::write(folder.path().join(".gitconfig"), format!("[user]\n\tname = {name}\n\temail = {email}\n"))
            .unwrap();
        let autopilot = start(&app, folder.path(), cli);
        let browser = app.browser_of(user).await;
        Self { browser, agent: objects.agent, task: objects.task, folder, autopilot, app }
    }

    async fn seen(&self) -> Value {
        self.browser.get(&format!("/api/tasks/{}", self.task)).await.data()
    }

    async fn is(&self, state: &str) -> bool {
        self.seen().await["state"] == state
    }

    async fn timeline(&self) -> String {
        self.browser.get(&format!("/api/tasks/{}/timeline", self.task)).await.text()
    }

    /// How often the CLI was started: it writes a line each time.
    fn runs(&self) -> usize {
        std::fs::read_to_string(self.folder.path().join("run/runs")).map_or(0, |runs| runs.lines().count())
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut git = std::process::Command::new("git");
        let output = git.arg("-C").arg(self.folder.path().join("workspace")).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

fn start(app: &TestApp, folder: &Path, cli: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aiworker"));
    command.args(["autopilot", "--template", cli]).arg("--workspace").arg(folder.join("workspace"));
    command.arg("--run").arg(folder.join("run")).env_clear().env("HOME", folder).env("RUN", folder.join("run"));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("MCP_ENDPOINT", format!("http://{}/mcp", app.address));
    command.env("TOOLS", format!("http://{}/api/mcp", app.address)).env("AIWORKER_TOKEN_FILE", folder.join("token"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true).spawn().unwrap()
}

/// Asks until the answer is yes, for as long as autopilot's own pauses take.
async fn in_the_end<F: Future<Output = bool>>(what: &str, mut ask: impl FnMut() -> F) {
    let mut pause = tokio::time::interval(Duration::from_millis(50));
    let asking = async {
        while !ask().await {
            pause.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("it never happened: {what}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_while_a_question_is_open_and_goes_on_with_the_answer() {
    // The first run asks and ends, the second one finds the answer and commits it.
    let world = World::with(
        r#"echo run >> "$RUN/runs"
        if [ -z "$AIWORKER_CONTINUE" ]; then
            curl --silent --fail "$TOOLS/ask_user_question" -H "Authorization: Bearer $(cat "$AIWORKER_TOKEN_FILE")" \
                -H "Content-Type: application/json" \
                -d "{\"task_id\":\"$AIWORKER_TASK_ID\",\"questions\":[{\"question\":\"Colour?\"}],\"wait_seconds\":0}"
        else
            echo blue > colour.txt; git add colour.txt; git commit --quiet --message "Paint it"
        fi"#,
    )
    .await;
    eventually("the question is there", async || world.is("needs_input").await).await;
    eventually("autopilot waits for the answer", async || world.app.state.services.waiting_calls() == 1).await;
    assert_eq!((world.runs(), world.is("needs_input").await), (1, true), "nothing is done meanwhile");
    let open = world.browser.get("/api/questions").await.data();
    let asked = open.as_array().unwrap().iter().find(|question| question["task_id"] == json!(world.task)).unwrap();
    let path = format!("/api/questions/{}/answer", asked["id"].as_str().unwrap());
    assert_eq!(world.browser.post(&path, &json!({ "answers": [{ "text": "blue" }] })).await.status, 200);
    eventually("it goes on and finishes", async || world.is("in_review").await).await;
    assert_eq!(world.runs(), 2);
    let branch = format!("agent/{}", world.task);
    let (name, email) = AUTHOR;
    assert_eq!(world.git(&["log", "-1", "--format=%an <%ae> %s", &branch]), format!("{name} <{email}> Paint it"));
    assert_eq!(world.seen().await["result"]["commit"], world.git(&["rev-parse", &branch]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_cli_leaves_uncommitted_is_committed_in_the_owners_name() {
    let world = World::with("echo blue > colour.txt").await;
    eventually("it finishes", async || world.is("in_review").await).await;
    let branch = format!("agent/{}", world.task);
    assert_eq!(world.git(&["show", &format!("{branch}:colour.txt")]), "blue");
    let (name, email) = AUTHOR;
    assert_eq!(world.git(&["log", "-1", "--format=%an <%ae> %cn", &branch]), format!("{name} <{email}> {name}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_task_and_waits_long_when_the_cli_has_met_a_usage_limit() {
    let mut world =
        World::with(r#"echo run >> "$RUN/runs"; echo "Claude AI usage limit reached|1766000000" >&2; exit 1"#).await;
    let told = "The CLI met a usage limit; trying again in 60 s.";
    eventually("it is said", async || world.timeline().await.contains(told)).await;
    let seen = world.seen().await;
    assert_eq!((&seen["state"], &seen["lease"]["agent_id"]), (&json!("in_progress"), &json!(world.agent)), "{seen}");
    assert_eq!((&seen["attempts"], &seen["report"]["summary"]), (&json!(0), &json!(told)));
    assert_eq!(world.runs(), 1);
    assert!(world.autopilot.try_wait().unwrap().is_none(), "it goes on by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_gives_up_after_three_crashes_and_says_what_was_printed() {
    let world = World::with(r#"echo run >> "$RUN/runs"; echo "out of paint" >&2; exit 3"#).await;
    in_the_end("it gives up", async || world.is("failed").await).await;
    assert_eq!(world.runs(), 3);
    let timeline = world.timeline().await;
    for said in [
        "The CLI ended with code 3. (1 of 3); trying again in 5 s.",
        "The CLI ended with code 3. (2 of 3); trying again in 10 s.",
        "The CLI ended with code 3. It was tried 3 times.",
        "out of paint",
    ] {
        assert!(timeline.contains(said), "{said}: {timeline}");
    }
    assert_eq!(world.seen().await["lease"], Value::Null, "a person looks at it now");
}
