//! Secrets are where they must be and nowhere else: not in the database's files, not in what the server logs.

use std::path::{Path, PathBuf};

use serde_json::json;
use test_databases::{Database, Kind};

use crate::{
    support::{Client, Program},
    terminal::real::{another_agent, remove, ttyd},
};

/// A password that stands out in a file.
const CANARY: &str = "canary-canary-canary";

/// Whether any file of the folder holds the text.
fn found_in(folder: &Path, text: &str) -> Option<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let holds = |path: &Path| std::fs::read(path).unwrap().windows(text.len()).any(|window| window == text.as_bytes());
    files.into_iter().find(|path| holds(path)).map(|path| path.display().to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_stored_or_logged_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let log = tempfile::NamedTempFile::new().unwrap();
    let program = Program::new(folder.path(), &[]).env("AIWORKER_LOG", "trace").log_to(log.reopen().unwrap());
    let server = program.start().await;
    let nobody = Client::new(server.address.parse().unwrap());
    let credentials = serde_json::json!({ "username": "ann", "password": CANARY });
    let registered = nobody.post("/api/auth/register", &credentials).await;
    let cookie = registered.header("set-cookie").split(';').next().unwrap().to_owned();
    let browser = nobody.with_header("cookie", &cookie);
    let token = browser.post("/api/tokens", &serde_json::json!({ "name": "x" })).await;
    assert_eq!(token.status, 201);
    let token = token.data()["secret"].as_str().unwrap().to_owned();
    let program = nobody.with_header("authorization", &format!("Bearer {token}"));
    assert_eq!(program.get("/api/auth/me").await.status, 200);
    let wrong = serde_json::json!({ "username": "ann", "password": format!("{CANARY}-wrong") });
    assert_eq!(nobody.post("/api/auth/login", &wrong).await.status, 401);

    let session = cookie.split_once('=').unwrap().1;
    let logged = std::fs::read_to_string(log.path()).unwrap();
    assert!(logged.contains("request"), "the log was on");
    for secret in [CANARY, session, &token] {
        assert_eq!(found_in(folder.path(), secret), None, "a secret is on the disk");
        assert!(!logged.contains(secret), "a secret is in the log");
    }
}

/// Where the bytes hold the text.
fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Every file below the folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let files = entries.flat_map(|path| match path.symlink_metadata() {
        Ok(found) if found.is_dir() => files_below(&path),
        Ok(found) if found.is_file() => vec![path],
        _ => Vec::new(),
    });
    files.collect()
}

/// A whole flow with an agent, and then a search for everything secret that was used in it: in a backup of the database, in
/// the server's log, and in every file that is not the home of that secret.
async fn no_secret_is_in_a_backup_or_a_log(kind: Kind) {
    const MODEL_KEY: &str = "sk-ant-canary-5b1c0f7e2d94";
    const GIT_TOKEN: &str = "ghp_canary_81e0a7c3f5d2";
    let (folder, log) = (tempfile::tempdir().unwrap(), tempfile::NamedTempFile::new().unwrap());
    let database = tokio::task::spawn_blocking(move || Database::new(kind)).await.unwrap();
    let program = |arguments: &[&str]| Program::new(folder.path(), arguments).env("DATABASE_URL", database.url());
    assert!(program(&["migrate"]).output().await.status.success());
    let ttyd = ttyd().display().to_string();
    let server = program(&[]).env("AIWORKER_LOG", "trace").env("AIWORKER_TTYD", &ttyd).log_to(log.reopen().unwrap());
    let server = server.start().await;
    let nobody = Client::new(server.address.parse().unwrap());
    let credentials = json!({ "username": "ann", "password": CANARY });
    let registered = nobody.post("/api/auth/register", &credentials).await;
    let cookie = registered.header("set-cookie").split(';').next().unwrap().to_owned();
    let browser = nobody.with_header("cookie", &cookie);
    let personal =
        browser.post("/api/tokens", &json!({ "name": "x" })).await.data()["secret"].as_str().unwrap().to_owned();
    let by_token = nobody.with_header("authorization", &format!("Bearer {personal}"));
    assert_eq!(by_token.get("/api/auth/me").await.status, 200);
    for (kind, secret) in [("model_key", MODEL_KEY), ("git_token", GIT_TOKEN)] {
        let stored = browser.post("/api/credentials", &json!({ "kind": kind, "secret": secret })).await;
        assert_eq!(stored.status, 201, "{}", stored.text());
    }
    let project: String = browser.made("/api/projects", &json!({ "name": "Engine" })).await;
    let task: String = browser.made(&format!("/api/projects/{project}/tasks"), &json!({ "title": "Mend it" })).await;
    let agent = another_agent(&browser, &project).await;
    let home = folder.path().join(format!("agents/{agent}"));
    let read = |path: &Path| std::fs::read_to_string(path).unwrap().trim().to_owned();
    let token = read(&home.join("run/secrets/token"));
    // The agent's own calls, at both doors.
    let by_agent = nobody.with_header("authorization", &format!("Bearer {token}"));
    let claimed = by_agent.post("/api/mcp/get_next_task", &json!({})).await.data();
    assert_eq!(claimed["task"]["id"], task);
    let report = json!({ "task_id": task, "lease_epoch": claimed["lease"]["epoch"], "summary": "mending" });
    assert_eq!(by_agent.post("/api/mcp/report_progress", &report).await.status, 200);
    assert_ne!(
        by_agent.with_header("accept", "application/json, text/event-stream").post("/mcp", &json!({})).await.status,
        401
    );
    let wrong = json!({ "username": "ann", "password": format!("{CANARY}-wrong") });
    assert_eq!(nobody.post("/api/auth/login", &wrong).await.status, 401);

    let keys = [folder.path().join("signing.key"), folder.path().join("credentials.keys")];
    let password = home.join("run/terminal-password");
    let secrets = [
        ("password", CANARY.to_owned()),
        ("session", cookie.split_once('=').unwrap().1.to_owned()),
        ("personal token", personal),
        ("agent token", token),
        ("model key", MODEL_KEY.to_owned()),
        ("git token", GIT_TOKEN.to_owned()),
        ("signing key", read(&keys[0])),
        ("credential key", read(&keys[1])),
        ("terminal password", read(&password)),
    ];
    let dump = tokio::task::spawn_blocking(move || (database.dump(), database)).await.unwrap().0;
    assert!(holds(&dump, &task) && holds(&dump, "Mend it"), "the backup holds what is no secret");
    let logged = std::fs::read(log.path()).unwrap();
    assert!(holds(&logged, "request") && holds(&logged, "/api/mcp/"), "the log was on");
    let belongs = |path: &Path| {
        keys.iter().any(|key| key == path) || path == password || path.starts_with(home.join("run/secrets"))
    };
    let files: Vec<_> = files_below(folder.path()).into_iter().filter(|path| !belongs(path)).collect();
    assert!(files.iter().any(|path| path.extension().is_some_and(|kind| kind == "log")), "agents have logs: {files:?}");
    for (name, secret) in &secrets {
        assert!(secret.len() > 10, "{name} would be found anywhere");
        assert!(!holds(&dump, secret), "the {name} is in the backup");
        assert!(!holds(&logged, secret), "the {name} is in the server's log");
        for path in &files {
            assert!(
                !std::fs::read(path).is_ok_and(|bytes| holds(&bytes, secret)),
                "the {name} is in {}",
                path.display()
            );
        }
    }
    remove(&browser, agent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_a_backup_of_postgres_or_a_log() {
    no_secret_is_in_a_backup_or_a_log(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_a_backup_of_mariadb_or_a_log() {
    no_secret_is_in_a_backup_or_a_log(Kind::Mariadb).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_a_backup_of_sqlite_or_a_log() {
    no_secret_is_in_a_backup_or_a_log(Kind::Sqlite).await;
}
