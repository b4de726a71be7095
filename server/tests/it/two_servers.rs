//! Two real servers on one database, as by mistake: one reconciles, both serve, and the second takes over when the first is
//! killed.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::support::{Client, Program, Running, eventually};

/// How long a server may take to take over from a dead one: two looks, on a busy machine.
const TAKES_OVER: Duration = Duration::from_secs(20);

struct Server {
    running: Running,
    client: Client,
    admin: Client,
}

async fn start(data: &Path) -> Server {
    let running = Program::new(data, &[]).with_admin().start().await;
    let client = Client::new(running.address.parse().unwrap());
    let admin = Client::new(running.admin());
    Server { running, client, admin }
}

impl Server {
    async fn reconciles(&self) -> bool {
        self.admin.get("/metrics").await.text().contains("aiworker_reconciles 1\n")
    }

    /// Whether something was seen of the agent: its programs may be missing on this host, and that is something too.
    async fn has_seen(&self, path: &str) -> bool {
        self.client.get(path).await.data()["phase"] != "pending"
    }

    async fn launch(&self, project: &str, name: &str) -> String {
        let launched = self.client.post("/api/agents/launch", &json!({ "project_id": project, "name": name })).await;
        assert_eq!(launched.status, 202, "{}", launched.text());
        format!("/api/agents/{}", launched.data()["agentId"].as_str().unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_reconciles_and_both_serve_until_the_first_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = start(folder.path()).await;
    eventually("the first reconciles", || first.reconciles()).await;
    let mut second = start(folder.path()).await;
    let credentials = json!({ "username": "ann", "password": "correct horse battery" });
    let registered = first.client.post("/api/auth/register", &credentials).await;
    assert_eq!(registered.status, 201);
    let cookie = registered.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    for server in [&mut first, &mut second] {
        server.client = server.client.with_header("cookie", &cookie);
        assert_eq!(server.client.get("/api/auth/me").await.status, 200, "both serve");
    }
    let project: String = second.client.made("/api/projects", &json!({ "name": "p" })).await;
    let agent = second.launch(&project, "otter").await;
    eventually("what one was asked for, the other does", || second.has_seen(&agent)).await;
    assert!(first.reconciles().await && !second.reconciles().await);

    assert_ne!(first.running.pid(), second.running.pid());
    first.running.kill().await;
    let killed = Instant::now();
    eventually("the second takes over", || second.reconciles()).await;
    assert!(killed.elapsed() < TAKES_OVER, "it took {:?}", killed.elapsed());
    let agent = second.launch(&project, "seal").await;
    eventually("it does what it is asked for", || second.has_seen(&agent)).await;
    for agent in second.client.get("/api/agents/my").await.data().as_array().unwrap() {
        let path = format!("/api/agents/{}", agent["id"].as_str().unwrap());
        assert_eq!(second.client.delete(&path).await.status, 202);
        eventually("nothing is left", || async { second.client.get(&path).await.status == 404 }).await;
    }
    assert_eq!(second.client.get("/api/orphans").await.data().as_array().unwrap().len(), 0);
    drop(second.running);
}
