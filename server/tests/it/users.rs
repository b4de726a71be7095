//! The end of an account over HTTP and from the host: at once as a way in, by and by with everything else.

use std::time::Duration;

use futures::StreamExt as _;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, Program, TestApp, eventually};

async fn names(admin: &Client) -> Vec<String> {
    let list = admin.get("/api/users").await.data();
    list.as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_deletes_somebody_and_nobody_else_is_touched() {
    let app = TestApp::new().await;
    let root = app.user("root").await;
    let (ann, bob) = (app.register("ann").await, app.register("bob").await);
    app.objects_of(ann).await;
    app.objects_of(bob).await;
    let browser = app.browser_of(ann).await;
    app.run_reconciler();
    let page = root.get("/settings/users").await.text();
    assert!(page.contains("aria-label=\"Users\"") && page.contains("ann"), "{page}");
    let asking = root.get(&format!("/settings/users?id={ann}&dialog=delete")).await.text();
    assert!(asking.contains("Delete this account?") && asking.contains(&format!("value=\"{ann}\"")), "without scripts");

    let deleted = root.delete(&format!("/api/users/{ann}")).await;
    assert_eq!(deleted.status, 202);
    let account = deleted.data();
    assert_eq!((account["username"].as_str(), &account["agents"]), (Some("ann"), &json!(1)));
    assert!(account["deleting_since"].is_string());
    assert_eq!(browser.get("/api/auth/me").await.status, 401);
    let credentials = json!({ "username": "ann", "password": PASSWORD });
    assert_eq!(app.anonymous().post("/api/auth/login", &credentials).await.status, 401);
    eventually("nothing is left", || async { names(&root).await == ["bob", "root"] }).await;
    assert_eq!(root.delete(&format!("/api/users/{ann}")).await.status, 404);
    let bobs = app.browser_of(bob).await;
    for (path, number) in [("/api/agents/my", 1), ("/api/projects", 1), ("/api/tokens", 1)] {
        assert_eq!(bobs.get(path).await.data().as_array().unwrap().len(), number, "{path}");
    }
    let audit = root.get("/api/audit").await.data();
    let noted = audit.as_array().unwrap().iter().find(|entry| entry["action"] == "delete_user").unwrap();
    assert_eq!(
        (noted["actor"]["name"].as_str(), noted["object"].as_str()),
        (Some("root"), Some(&*format!("{ann} ann")))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_deletes_ones_own_account_with_the_password() {
    let app = TestApp::new().await;
    let (root, ann) = (app.user("root").await, app.user("ann").await);
    let ask = async |client: &Client, body: &Value| {
        client.send(Method::DELETE, "/api/auth/me", Some(("application/json", body.to_string()))).await
    };
    for wrong in [json!({ "password": "not it" }), json!({}), json!({ "password": PASSWORD, "more": 1 })] {
        assert_eq!(ask(&ann, &wrong).await.status, 400, "{wrong}");
    }
    let last = ask(&root, &json!({ "password": PASSWORD })).await;
    assert_eq!(last.status, 409);
    assert!(last.text().contains("aiworker admin set-role NAME admin"), "{}", last.text());
    let gone = ask(&ann, &json!({ "password": PASSWORD })).await;
    assert_eq!(gone.status, 202);
    assert!(gone.header("set-cookie").contains("Max-Age=0"), "the browser forgets the session");
    assert_eq!(ann.get("/api/auth/me").await.status, 401);
    assert_eq!(names(&root).await, ["root"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_the_account_is_deleted_elsewhere() {
    let app = TestApp::rechecking(Duration::from_millis(50)).await;
    app.user("root").await;
    let ann = app.register("ann").await;
    let browser = app.browser_of(ann).await;
    let mut stream = browser.stream("/api/events").await.bytes_stream();
    stream.next().await.unwrap().unwrap();
    // As another server on the same database does it: this one is told nothing.
    let audit = app.state.store.audit(1).await.unwrap().remove(0);
    let audit = domain::AuditEvent { id: domain::AuditEventId::from_uuid(uuid::Uuid::from_u128(5)), ..audit };
    app.state.store.begin_deletion(ann, &"hash of nothing".into(), audit.at, &audit).await.unwrap();
    let ended = async { while stream.next().await.is_some_and(|chunk| chunk.is_ok()) {} };
    tokio::time::timeout(Duration::from_secs(20), ended).await.expect("the stream ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_deletes_an_account_with_and_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let program = |arguments: &[&str]| Program::new(folder.path(), arguments);
    let server = program(&["--registration", "open"]).start().await;
    let nobody = Client::new(server.address.parse().unwrap());
    let mut browsers = Vec::new();
    for name in ["root", "ann", "bob"] {
        let credentials = json!({ "username": name, "password": PASSWORD });
        let registered = nobody.post("/api/auth/register", &credentials).await;
        let cookie = registered.header("set-cookie").split(';').next().unwrap().to_owned();
        let browser = nobody.with_header("cookie", &cookie);
        // What is of the one who stays would outlive the test.
        if name != "root" {
            let project: String = browser.made("/api/projects", &json!({ "name": "p" })).await;
            let launched = browser.post("/api/agents/launch", &json!({ "project_id": project })).await;
            assert_eq!(launched.status, 202, "{}", launched.text());
        }
        browsers.push(browser);
    }
    let refused = program(&["admin", "delete-user", "ann"]).output_with_input("amn\n").await;
    let text = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert!(!refused.status.success() && text.contains("1 agent and 1 project"), "{text}");
    assert_eq!(browsers[1].get("/api/auth/me").await.status, 200, "nothing was deleted");

    let deleted = program(&["admin", "delete-user", "ann"]).output_with_input("ann\n").await;
    let text = String::from_utf8_lossy(&deleted.stdout).into_owned();
    assert!(deleted.status.success() && text.ends_with("ann is gone\n"), "{text}");
    assert_eq!(browsers[1].get("/api/auth/me").await.status, 401);
    let agents = folder.path().join("agents");
    let folders = || std::fs::read_dir(&agents).map(|all| all.flatten().filter(|one| one.path().is_dir()).count());
    assert!(folders().unwrap_or(0) <= 1, "nothing of its agent is on the disk");

    let last = program(&["admin", "delete-user", "root", "--yes"]).output().await;
    assert!(!last.status.success(), "the last administrator stays");
    // It could not give its office up, so it is known when its term is over that nobody is there.
    server.kill().await;
    let later = program(&["admin", "delete-user", "bob", "--yes"]).output().await;
    let text = String::from_utf8_lossy(&later.stdout).into_owned();
    assert!(later.status.success() && text.contains("no server runs on this database; 1 agent is left"), "{text}");
    let _server = program(&[]).start().await;
    eventually("the next server removes it", || async {
        let users = program(&["admin", "users"]).output().await;
        !String::from_utf8_lossy(&users.stdout).contains("bob")
    })
    .await;
}
