//! The server is killed (`kill -9`) before and after every write of a launch, a stop and a deletion. The next one brings
//! everything to where it shall be.

use k8s_openapi::api::apps::v1::StatefulSet;
use kube::api::ListParams;
use serde_json::Value;

use crate::{
    served::{Place, Served},
    world::eventually,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Deed {
    Launch,
    Stop,
    Delete,
}

fn is_up(agent: &Value) -> bool {
    // Without a node it gets no further than this.
    !matches!(agent["phase"].as_str(), Some("pending" | "stopped" | "stopping") | None)
}

async fn replicas(place: &Place) -> Vec<i32> {
    let sets = place.world.api::<StatefulSet>().list(&ListParams::default()).await.unwrap();
    sets.items.into_iter().filter_map(|set| set.spec?.replicas).collect()
}

/// Asks for the deed, and kills the server when it gets stuck in it. False when it got through.
async fn ask_and_kill(place: &Place, served: Served, deed: Deed, agent: &mut Option<String>, project: &str) -> bool {
    match deed {
        Deed::Launch => *agent = Some(served.launch(project).await),
        Deed::Stop => {
            let path = format!("{}/stop", agent.as_ref().unwrap());
            assert_eq!(served.user.post(&path, &()).await.status, 200);
        }
        Deed::Delete => assert_eq!(served.user.delete(agent.as_ref().unwrap()).await.status, 202),
    }
    let agent = agent.clone().unwrap();
    let done = async {
        match deed {
            Deed::Launch => served.until("it is up", &agent, is_up).await,
            Deed::Stop => served.until("it is stopped", &agent, |agent| agent["phase"] == "stopped").await,
            Deed::Delete => {
                let gone = eventually(async || (served.user.get(&agent).await.status == 404).then_some(()));
                assert!(gone.await.is_some(), "it is gone");
            }
        }
    };
    let was_killed = tokio::select! {
        () = place.wire.stuck() => true,
        () = done => false,
    };
    served.running.kill().await;
    was_killed
}

async fn converged(place: &Place, deed: Deed, agent: &str) {
    let served = place.serve().await;
    match deed {
        Deed::Launch => {
            served.until("it is up", agent, is_up).await;
            assert_eq!(replicas(place).await, [1]);
        }
        Deed::Stop => {
            served.until("it is stopped", agent, |agent| agent["phase"] == "stopped").await;
            assert_eq!(replicas(place).await, [0]);
        }
        Deed::Delete => {
            let gone = eventually(async || (served.user.get(agent).await.status == 404).then_some(()));
            assert!(gone.await.is_some(), "it is gone");
        }
    }
    assert_eq!(served.orphans().await, Vec::<Value>::new());
    if deed != Deed::Delete {
        served.delete(agent).await;
    }
    assert_eq!(place.world.left().await, Vec::<String>::new());
    assert_eq!(served.orphans().await, Vec::<Value>::new());
    served.running.kill().await;
}

async fn kill_at_every_moment(deed: Deed) -> usize {
    let place = Place::new().await;
    let first = place.serve().await;
    let project = first.project().await;
    first.running.kill().await;
    let mut moment = 0;
    loop {
        let served = place.serve().await;
        let mut agent = None;
        if deed != Deed::Launch {
            let path = served.launch(&project).await;
            served.until("it is up", &path, is_up).await;
            agent = Some(path);
        }
        place.wire.stick_at(moment);
        let was_killed = ask_and_kill(&place, served, deed, &mut agent, &project).await;
        place.wire.heal();
        converged(&place, deed, &agent.unwrap()).await;
        if !was_killed {
            place.end().await;
            return moment;
        }
        moment += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_every_write_of_a_launch() {
    assert_eq!(kill_at_every_moment(Deed::Launch).await, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_every_write_of_a_stop() {
    assert_eq!(kill_at_every_moment(Deed::Stop).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_every_write_of_a_deletion() {
    assert!(kill_at_every_moment(Deed::Delete).await >= 4);
}
