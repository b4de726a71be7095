//! The whole way: the real program, a real agent with ttyd and tmux, typing and reading.

use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding as _};
use domain::{AgentId, terminal::EndCode};

use super::viewer::Viewer;
use crate::support::{Client, Program, eventually};

/// Where `make setup` puts ttyd when the machine has none.
fn cached_ttyd() -> Option<PathBuf> {
    let home = std::env::var_os("HOME")?;
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(|| Path::new(&home).join(".cache"), PathBuf::from);
    let tools = std::fs::read_dir(cache.join("aiworker/tools")).ok()?;
    let ttyds = tools.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("ttyd-"));
    ttyds.map(|entry| entry.path().join("bin/ttyd")).find(|path| path.exists())
}

pub fn ttyd() -> PathBuf {
    let chosen = std::env::var_os("AIWORKER_TTYD").map(PathBuf::from);
    let along_path = std::env::var_os("PATH")
        .and_then(|path| std::env::split_paths(&path).map(|folder| folder.join("ttyd")).find(|file| file.is_file()));
    chosen.or(along_path).or_else(cached_ttyd).expect("there is no ttyd: run `make setup`")
}

/// Makes an account and a project.
pub async fn user(address: &str) -> (Client, String) {
    let anonymous = Client::new(address.parse().unwrap());
    let account = serde_json::json!({"username": "ann", "password": "correct horse battery"});
    let answer = anonymous.post("/api/auth/register", &account).await;
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let browser = anonymous.with_header("cookie", &cookie);
    let project: String = browser.made("/api/projects", &serde_json::json!({"name": "Engine"})).await;
    (browser, project)
}

/// Makes an agent that runs.
pub async fn another_agent(browser: &Client, project: &str) -> AgentId {
    let launched = browser.post("/api/agents/launch", &serde_json::json!({"project_id": project})).await;
    let agent: AgentId = launched.data()["agentId"].as_str().unwrap().parse().unwrap();
    let path = format!("/api/agents/{agent}");
    eventually("the agent runs", async || browser.get(&path).await.data()["phase"] == "idle").await;
    agent
}

/// Makes an account and one agent that runs.
pub async fn agent_of_new_user(address: &str) -> (Client, AgentId) {
    let (browser, project) = user(address).await;
    let agent = another_agent(&browser, &project).await;
    (browser, agent)
}

/// Deletes an agent and waits until nothing is left of it.
pub async fn remove(browser: &Client, agent: AgentId) {
    let path = format!("/api/agents/{agent}");
    browser.delete(&path).await.data();
    eventually("the agent is gone", async || browser.get(&path).await.status == 404).await;
}

/// A viewer of the agent, whose terminal has begun.
pub async fn ready(address: &str, browser: &Client, agent: AgentId) -> Viewer {
    let mut viewer = Viewer::connect(address.parse().unwrap(), browser, agent).await.unwrap();
    viewer.hello(100, 30).await;
    viewer.welcome().await;
    viewer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_agent_is_typed_to_and_its_screen_survives() {
    let data = tempfile::tempdir().unwrap();
    let (ttyd, log) = (ttyd(), tempfile::NamedTempFile::new().unwrap());
    let program = Program::new(data.path(), &["serve"]).env("AIWORKER_TTYD", ttyd.to_str().unwrap());
    let server = program.env("AIWORKER_LOG", "trace").log_to(log.reopen().unwrap()).start().await;
    let (browser, agent) = agent_of_new_user(&server.address).await;

    let mut viewer = ready(&server.address, &browser, agent).await;
    viewer.input(0, b"echo $((6*7))-here; stty size\r").await;
    let output = viewer.output_until("30 100").await;
    assert!(output.contains("42-here"), "{output}");
    drop(viewer);

    // The screen is there again, and so is what scrolled off it.
    let mut viewer = ready(&server.address, &browser, agent).await;
    viewer.output_until("42-here").await;
    viewer.input(0, b"seq 1 500; echo done-$((1+1))\r").await;
    viewer.output_until("done-2").await;
    drop(viewer);
    let mut viewer = ready(&server.address, &browser, agent).await;
    let output = viewer.output_until("done-2").await;
    let lines: Vec<&str> = output.lines().map(str::trim_end).collect();
    assert!(["17", "250", "471"].iter().all(|line| lines.contains(line)), "{output}");

    // All of it is to be had as text, and it says nothing of how it came.
    let text = browser.get(&format!("/agent-terminal/{agent}/history")).await.text();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    assert!((1..=500).all(|line| lines.contains(&line.to_string().as_str())), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");

    // Neither logs nor pages nor frames nor the server's arguments hold what opens ttyd.
    let folder = data.path().join(format!("agents/{agent}/run"));
    let credential = std::fs::read_to_string(folder.join("terminal-password")).unwrap().trim().to_owned();
    assert!(credential.len() >= 32, "{credential:?}");
    let token = Base64::encode_string(format!("agent:{credential}").as_bytes());
    let mut seen = vec![
        ("the log", std::fs::read_to_string(log.path()).unwrap()),
        ("the frames", output),
        ("the arguments", std::fs::read_to_string(format!("/proc/{}/cmdline", server.pid())).unwrap()),
    ];
    for page in [format!("/agent-terminal/{agent}"), format!("/agents/{agent}"), format!("/api/agents/{agent}")] {
        seen.push(("a page", browser.get(&page).await.text()));
    }
    seen.push(("the start-up log", browser.get(&format!("/api/agents/{agent}/logs")).await.text()));
    assert!(seen.iter().all(|(_, text)| !text.is_empty()));
    for (place, text) in seen {
        assert!(!text.contains(&credential) && !text.contains(&token), "the credential is in {place}");
    }

    // tmux is detached: the terminal comes back by itself.
    viewer.input(0, b"tmux detach-client\r").await;
    viewer.reset().await;
    viewer.output_until("done-2").await;

    // After its end by the user, the agent is deleted with everything but what was last on its terminal.
    browser.delete(&format!("/api/agents/{agent}")).await.data();
    assert_eq!(viewer.end().await.0.code, EndCode::NotFound);
    let path = format!("/api/agents/{agent}");
    eventually("the agent is gone", async || browser.get(&path).await.status == 404).await;
    let text = browser.get(&format!("/agent-terminal/{agent}/history")).await.text();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    assert!((1..=500).all(|line| lines.contains(&line.to_string().as_str())) && text.contains("done-2"), "{text}");
}
