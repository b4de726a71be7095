//! A user who is deleted leaves nothing in the cluster, also when the server is killed on the way, and others keep what is theirs.

use domain::Agent;
use serde_json::{Value, json};

use crate::{
    served::{Place, Served},
    support::Client,
    world::eventually,
};

/// A new agent of this user, once it is somewhere in the cluster. Without a node it gets no further.
async fn launch(client: &Client) -> String {
    let project: String = client.made("/api/projects", &json!({ "name": "p" })).await;
    let launched = client.post("/api/agents/launch", &json!({ "project_id": project })).await;
    assert_eq!(launched.status, 202, "{}", launched.text());
    let id = launched.data()["agentId"].as_str().unwrap().to_owned();
    let path = format!("/api/agents/{id}");
    let up = eventually(async || (client.get(&path).await.data()["phase"] != "pending").then_some(()));
    assert!(up.await.is_some(), "the agent is on its way");
    id
}

async fn users(served: &Served) -> Vec<Value> {
    served.user.get("/api/users").await.data().as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_user_leaves_nothing_and_others_keep_theirs() {
    let place = Place::new().await;
    let served = place.serve().await;
    let kept = launch(&served.user).await;
    let bob = served.another("bob").await;
    let gone = [launch(&bob).await, launch_again(&bob).await];
    let id = users(&served).await.into_iter().find(|user| user["username"] == "bob").unwrap();
    let path = format!("/api/users/{}", id["id"].as_str().unwrap());
    // Killed at the second write of the first removal.
    place.wire.stick_at(1);
    assert_eq!(served.user.delete(&path).await.status, 202);
    place.wire.stuck().await;
    served.running.kill().await;
    place.wire.heal();

    let served = place.serve().await;
    let alone = eventually(async || (users(&served).await.len() == 1).then_some(()));
    assert!(alone.await.is_some(), "the account is gone");
    let left = place.world.left().await;
    let has = |id: &str| {
        let pod = Agent::pod_name_of(id.parse().unwrap());
        left.iter().any(|object| object.contains(pod.trim_end_matches("-0")))
    };
    assert!(has(&kept) && !gone.iter().any(|id| has(id)), "{left:?}");
    assert_eq!(served.orphans().await, Vec::<Value>::new());
    served.delete(&format!("/api/agents/{kept}")).await;
    place.end().await;
}

/// A second agent, on the project that is there.
async fn launch_again(client: &Client) -> String {
    let projects = client.get("/api/projects").await.data();
    let launched = client.post("/api/agents/launch", &json!({ "project_id": projects[0]["id"] })).await;
    launched.data()["agentId"].as_str().unwrap().to_owned()
}
