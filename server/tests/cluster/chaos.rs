//! The ordeal of terminals on one host, for viewers of pods, over each way that a terminal is reached.

use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::AttachParams};
use tokio::io::AsyncReadExt as _;

use crate::{
    served::Place,
    terminal::ordeal::{Ordeal, Tmux},
};

/// What decides what happens, and how much of it.
const SEED: u64 = 11;
const EVENTS: u64 = 40;

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

async fn suffer(dial: &str) {
    let place = Place::new().await;
    let served = place.serve_straight(&[("AIWORKER_DIAL", dial)]).await;
    let agent = served.launch(&served.project().await).await;
    served.until("the agent runs", &agent, |agent| agent["phase"] == "idle").await;
    let id = agent.rsplit('/').next().unwrap().parse().unwrap();
    let tmux = PodTmux { pods: place.world.api(), name: domain::Agent::pod_name_of(id) };
    Ordeal::open(&served.running.address, &served.user, id, tmux).await.run(SEED, EVENTS).await;
    served.delete(&agent).await;
    served.running.kill().await;
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_the_screen_is_that_of_tmux_through_the_api_server() {
    suffer("port-forward").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_the_screen_is_that_of_tmux_at_the_pods_address() {
    // Only a cluster of our own is in this network.
    if std::env::var_os("AIWORKER_TEST_OWN_CLUSTER").is_some() {
        suffer("pod-address").await;
    }
}
