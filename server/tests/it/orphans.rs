//! Orphans, as administrators, machines and the operator at the host see them.

use domain::{AgentId, Observation, Observed};
use server::{admin_listener, lifecycle::Lifecycle, listener};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::support::{Client, Program, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sees_counts_and_removes_them() {
    let app = TestApp::new().await;
    let ann = app.user("ann").await;
    let id = AgentId::from_uuid(Uuid::from_u128(9));
    app.runtime.report(Observation::plain(id, Observed::Running));
    let listed = ann.get("/api/orphans").await;
    assert_eq!(listed.status, 200);
    let orphan = &listed.data()[0];
    assert_eq!((orphan["kind"].as_str(), orphan["agent_id"].as_str()), (Some("ownerless"), Some(&*id.to_string())));
    assert!(orphan["removed_at"].is_string() && orphan["can_repair"] == false);
    let page = ann.get("/settings/orphans").await.text();
    assert!(page.contains(&id.to_string()) && page.contains("where agents run"), "{page}");
    let asking = ann.get(&format!("/settings/orphans?id={id}&dialog=remove")).await.text();
    assert!(asking.contains("Remove what is left of this agent?"), "it asks without scripts, too");

    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let metrics = Client::new(socket.local_addr().unwrap());
    tokio::spawn(listener::serve(socket, admin_listener::router(app.state.clone()), Lifecycle::default()));
    let text = metrics.get("/metrics").await.text();
    assert!(text.contains(r#"aiworker_orphans{kind="ownerless"} 1"#), "{text}");
    assert!(text.contains(r#"aiworker_orphans{kind="missing"} 0"#), "{text}");

    assert_eq!(ann.delete(&format!("/api/orphans/{id}")).await.status, 200);
    assert_eq!(ann.delete(&format!("/api/orphans/{id}")).await.status, 404);
    assert_eq!(ann.get("/api/orphans").await.data().as_array().unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_lists_them_at_the_host() {
    let folder = tempfile::tempdir().unwrap();
    let id = Uuid::from_u128(0x0190_b5c6_7d2a_7cc3_9c41_3a8f_0c5d_1e22);
    std::fs::create_dir_all(folder.path().join("agents").join(id.to_string())).unwrap();
    let output = Program::new(folder.path(), &["admin", "orphans"]).output().await;
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(text, format!("ownerless\t{id}\t-\t-\ta folder\n"));
}
