//! Secrets are where they must be and nowhere else: not in the database's files, not in what the server logs.

use std::path::Path;

use crate::support::{Client, Program};

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
