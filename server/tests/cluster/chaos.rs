//! What terminals on one host must bear, for viewers of pods, over each way that a terminal is reached: the ordeal, and a proxy that
//! hangs up on silence.

use std::time::Duration;

use domain::AgentId;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::AttachParams};
use tokio::io::AsyncReadExt as _;

use crate::{
    served::{Place, Served},
    support::{nginx, skipped},
    terminal::{
        ordeal::{Ordeal, Tmux},
        viewer::Viewer,
    },
};

/// What decides what happens, and how much of it.
const SEED: u64 = 11;
const EVENTS: u64 = 40;
/// A little more than the time between two pings, so that a few of them show as much as a day does.
const HANGS_UP_AFTER: Duration = Duration::from_secs(25);
/// Pings that must come through. The last one comes when the proxy would have hung up twice.
const PINGS: usize = 3;

/// The tmux of an agent in a pod.
#[derive(Clone)]
struct PodTmux {
    pods: Api<Pod>,
    name: String,
}

impl Tmux for PodTmux {
    async fn ask(&self, arguments: &[&str]) -> String {
        let command = [&["tmux", "-S", "/run/agent/tmux.sock"], arguments].concat();
        let mut process = self.pods.exec(&self.name, command, &AttachParams::default().stderr(false)).await.unwrap();
        let mut text = String::new();
        process.stdout().unwrap().read_to_string(&mut text).await.unwrap();
        text
    }
}

/// The path of an agent ends with its id.
fn id_of(agent: &str) -> AgentId {
    agent.rsplit('/').next().unwrap().parse().unwrap()
}

/// Looks through a proxy at an agent in which nothing happens.
async fn idle(served: &Served, agent: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (_nginx, address) = nginx(folder.path(), served.running.address.parse().unwrap(), HANGS_UP_AFTER).await;
    let mut viewer = Viewer::connect(address, &served.user, id_of(agent)).await.unwrap();
    viewer.hello(80, 24).await;
    viewer.welcome().await;
    viewer.output_until("$ ").await;
    viewer.idle(PINGS).await;
    viewer.input(0, b"echo still-$((1+1))\r").await;
    viewer.output_until("still-2").await;
}

async fn suffer(dial: &str) {
    let place = Place::new().await;
    let served = place.serve_straight(&[("AIWORKER_DIAL", dial)]).await;
    let project = served.project().await;
    let (agent, other) = (served.launch(&project).await, served.launch(&project).await);
    for one in [&agent, &other] {
        served.until("the agent runs", one, |agent| agent["phase"] == "idle").await;
    }
    let id = id_of(&agent);
    let tmux = PodTmux { pods: place.world.api(), name: domain::Agent::pod_name_of(id) };
    let mut ordeal = Ordeal::open(&served.running.address, &served.user, id, tmux).await;
    tokio::join!(ordeal.run(SEED, EVENTS), idle(&served, &other));
    for one in [&agent, &other] {
        served.delete(one).await;
    }
    served.running.kill().await;
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn terminals_bear_it_through_the_api_server() {
    suffer("port-forward").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn terminals_bear_it_at_the_pods_address() {
    if std::env::var_os("AIWORKER_TEST_OWN_CLUSTER").is_none() {
        return skipped("terminals at the pods' addresses", "only a cluster of our own is in this network");
    }
    suffer("pod-address").await;
}
