//! The API server goes away and comes back: people are told at once, everything else goes on, and what was asked for
//! meanwhile is done.

use std::time::{Duration, Instant};

use domain::{Agent, Explanation};
use k8s_openapi::api::apps::v1::StatefulSet;
use serde_json::json;

use crate::{served::Place, world::eventually};

/// Until people know.
const TOLD: Duration = Duration::from_secs(10);
/// Until everything is as it shall be again.
const BACK: Duration = Duration::from_secs(45);
/// An answer that waits for nothing.
const AT_ONCE: Duration = Duration::from_secs(1);

/// How many pods the cluster is asked for.
async fn wanted(place: &Place, agent: &str) -> i32 {
    let pod = Agent::pod_name_of(agent.rsplit('/').next().unwrap().parse().unwrap());
    let set = place.world.api::<StatefulSet>().get(pod.trim_end_matches("-0")).await.unwrap();
    set.spec.unwrap().replicas.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_told_and_go_on_and_what_they_asked_for_is_done_when_it_is_back() {
    let place = Place::new().await;
    let served = place.serve().await;
    let project = served.project().await;
    let before = served.launch(&project).await;
    served.until("it is seen", &before, |agent| agent["phase"] == "starting" || agent["phase"] == "failed").await;

    place.wire.take_down();
    let begun = Instant::now();
    let launched = served.launch(&project).await;
    assert!(begun.elapsed() < AT_ONCE, "a launch answers at once: {:?}", begun.elapsed());
    let told = eventually(async || {
        let trouble = served.user.get("/api/runtime").await.data()["trouble"].clone();
        trouble["message"].as_str().map(str::to_owned)
    });
    let message = told.await.expect("people are told");
    assert!(begun.elapsed() <= TOLD, "it took {:?}", begun.elapsed());
    assert!(message.starts_with("The cluster does not answer."), "{message}");
    let sentence = Explanation::split(&message).sentence.to_owned();
    for path in ["/agents", "/projects", &before.replace("/api", "")] {
        let page = served.user.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.text().contains(&sentence), "{path} says so");
    }
    let ready = served.admin.get("/readyz").await;
    assert_eq!(ready.status, 200);
    assert!(ready.text().contains("degraded: The cluster does not answer."), "{}", ready.text());
    assert!(served.admin.get("/metrics").await.text().contains("aiworker_runtime_up 0"));
    let begun = Instant::now();
    let task = served.user.post(&format!("/api/projects/{project}/tasks"), &json!({ "title": "t" })).await;
    assert_eq!(task.status, 201);
    assert_eq!(served.user.post(&format!("{before}/stop"), &()).await.status, 200);
    assert!(begun.elapsed() < AT_ONCE, "what needs no cluster is not slowed down: {:?}", begun.elapsed());

    place.wire.heal();
    let begun = Instant::now();
    served.until("the launch is done", &launched, |agent| agent["phase"] != "pending").await;
    assert!(
        eventually(async || (wanted(&place, &before).await == 0).then_some(())).await.is_some(),
        "its pod is called off"
    );
    assert!(begun.elapsed() <= BACK, "it took {:?}", begun.elapsed());
    let well = eventually(async || served.user.get("/api/runtime").await.data()["trouble"].is_null().then_some(()));
    assert!(well.await.is_some() && begun.elapsed() <= BACK);
    assert!(!served.user.get("/agents").await.text().contains(&sentence));
    println!("back after {} ms", begun.elapsed().as_millis());
    // Where there is a node, it ends the pod in its own time.
    served.until("the stop is done", &before, |agent| agent["phase"] == "stopped").await;
    for agent in [before, launched] {
        served.delete(&agent).await;
    }
    assert_eq!(served.orphans().await, Vec::<serde_json::Value>::new());
    drop(served);
    place.end().await;
}
