//! An agent from its launch to its end.

use std::time::Instant;

use domain::{Observed, Reason};
use futures::{StreamExt, future::ready};
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{PersistentVolumeClaim, Pod, Secret},
};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, Patch, PatchParams},
};
use runtime::{
    AgentRuntime, TERMINAL_PORT,
    kubernetes::{DialMode, VolumePolicy},
};
use serde_json::json;
use tokio::{net::TcpStream, runtime::Handle, time::timeout};

use crate::world::{DEADLINE, World, eventually, spec};

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_launched_stopped_started_and_removed() {
    let world = World::new().await;
    let spec = spec();
    let mut events = world.runtime.events();
    let begun = Instant::now();
    let first = world.runtime.ensure(&spec).await.unwrap();
    assert_eq!(first.state, Observed::Starting, "{first:?}");
    assert!(events.next().await.is_some_and(|seen| seen.agent_id == spec.id), "the watches tell of it");
    world.until(spec.id, |seen| seen.state == Observed::Running).await;
    println!("launch to ready: {} ms", begun.elapsed().as_millis());

    let mut viewer = world.view(&spec).await;
    assert_eq!(viewer.ask("echo $((6*7)); id -u; pwd").await, "421000/workspace");
    assert_eq!(viewer.ask("echo kept >/workspace/file; echo home >~/file; cat /workspace/file").await, "kept");
    assert_eq!(viewer.ask("touch /usr/x 2>/dev/null; echo $?").await, "1", "the image is read-only");
    assert_eq!(
        viewer
            .ask("grep -c . /proc/self/status >/dev/null; grep CapEff /proc/self/status | grep -c 0000000000000000")
            .await,
        "1"
    );
    assert_eq!(
        viewer.ask("ls /var/run/secrets/kubernetes.io 2>/dev/null | wc -l").await,
        "0",
        "no token of the cluster"
    );
    assert_eq!(viewer.ask("echo $POD_NAME").await, domain::Agent::pod_name_of(spec.id));
    viewer.close().await;
    assert!(world.runtime.logs(spec.id, 10).await.is_ok());

    world.runtime.stop(spec.id).await.unwrap();
    world.until(spec.id, |seen| seen.state == Observed::Stopped).await;
    assert_eq!(world.left().await.len(), 3, "set, claim and secret: {:?}", world.left().await);

    world.up(&spec).await;
    let mut viewer = world.view(&spec).await;
    assert_eq!(viewer.ask("cat /workspace/file ~/file").await, "kepthome");
    viewer.close().await;

    world.remove(spec.id).await;
    assert_eq!(world.left().await, Vec::<String>::new());
    assert_eq!(world.runtime.inventory().await.unwrap(), []);
    assert_eq!(world.runtime.observe(spec.id).await.unwrap().state, Observed::Absent);
    world.remove(spec.id).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_is_reached_through_the_api_server_and_at_the_pods_address() {
    for dial in [DialMode::PortForward, DialMode::PodAddress] {
        let world = World::with(|config| config.dial = dial).await;
        let spec = spec();
        world.up(&spec).await;
        let mut viewer = world.view(&spec).await;
        let begun = Instant::now();
        for number in 0..20 {
            assert_eq!(viewer.ask(&format!("echo {number}")).await, number.to_string());
        }
        println!("{dial:?}: a command and its answer in {} ms", begun.elapsed().as_millis() / 20);
        assert_eq!(viewer.ask("seq 1 20000 | tail -n 1").await, "20000");
        viewer.close().await;
        world.remove(spec.id).await;
        world.end().await;
    }
}

/// Connections that the client keeps open for its next request, and the tasks behind them.
const KEPT_CONNECTIONS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_port_forward_that_ends_leaves_no_task_and_no_connection() {
    const MANY: usize = 10;
    let world = World::with(|config| config.dial = DialMode::PortForward).await;
    let spec = spec();
    world.up(&spec).await;
    let mut witness = world.view(&spec).await;
    // Who is connected to ttyd's port (7681 is 1E01), as the pod's kernel sees it; state 01 is "established".
    let connections = r#"awk '$2 ~ /:1E01$/ && $4 == "01"' /proc/net/tcp /proc/net/tcp6 | wc -l"#;
    assert_eq!(witness.ask(connections).await, "1");
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    // One after the other: what they ask the API server before goes over connections that stay for a while.
    let mut viewers = Vec::new();
    for _ in 0..MANY {
        viewers.push(world.view(&spec).await);
    }
    assert!(tasks() + KEPT_CONNECTIONS > before + MANY, "each has at least one task");
    assert_eq!(witness.ask(connections).await, (MANY + 1).to_string());
    for (number, viewer) in viewers.into_iter().enumerate() {
        // One half says that it goes, the other one is just gone.
        if number % 2 == 0 {
            viewer.close().await;
        }
    }
    let gone = eventually(async || (witness.ask(connections).await == "1").then_some(())).await;
    assert!(gone.is_some(), "connections are left in the pod");
    let ended = eventually(async || (tasks() <= before + KEPT_CONNECTIONS).then_some(())).await;
    assert!(ended.is_some(), "{} tasks are left of {MANY} viewers", tasks() - before);
    witness.close().await;
    world.remove(spec.id).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_whose_address_does_not_answer_is_reached_through_the_api_server() {
    if std::env::var_os("AIWORKER_TEST_OWN_CLUSTER").is_none() {
        return; // The routes of a cluster that was given are not ours to change.
    }
    let world = World::with(|config| config.dial = DialMode::PodAddress).await;
    let spec = spec();
    world.up(&spec).await;
    let pod = world.api::<Pod>().get(&domain::Agent::pod_name_of(spec.id)).await.unwrap();
    let address = pod.status.unwrap().pod_ip.unwrap();
    let route = async |change: &str| {
        let arguments = ["route", change, "unreachable", &*address];
        let output = tokio::process::Command::new("ip").args(arguments).output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    route("add").await;
    assert!(TcpStream::connect((&*address, TERMINAL_PORT)).await.is_err(), "there is no way to the pod");
    let mut viewer = world.view(&spec).await;
    assert_eq!(viewer.ask("echo $((6*7))").await, "42");
    viewer.close().await;
    route("del").await;
    world.remove(spec.id).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_is_kept_where_the_operator_wants_that() {
    let world = World::with(|config| config.volumes = VolumePolicy::Keep).await;
    let spec = spec();
    world.up(&spec).await;
    let mut viewer = world.view(&spec).await;
    assert_eq!(viewer.ask("echo precious >/workspace/file; cat /workspace/file").await, "precious");
    viewer.close().await;
    world.remove(spec.id).await;
    let claim = format!("PersistentVolumeClaim workspace-{}", domain::Agent::pod_name_of(spec.id));
    assert_eq!(world.left().await, [claim.as_str()]);
    assert_eq!(world.runtime.inventory().await.unwrap(), [], "what is kept on purpose is no orphan");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_already_is_not_written_again() {
    let world = World::new().await;
    let spec = spec();
    world.up(&spec).await;
    let versions = async || {
        let name = domain::Agent::pod_name_of(spec.id);
        let set = world.api::<StatefulSet>().get(name.trim_end_matches("-0")).await.unwrap();
        let secret = world.api::<Secret>().get(name.trim_end_matches("-0")).await.unwrap();
        assert_eq!(secret.owner_references().len(), 1, "the secret goes with its set");
        assert_eq!(secret.owner_references()[0].uid, set.uid().unwrap());
        // The version of a set changes with its status, its generation with what is wanted.
        (set.metadata.generation, secret.resource_version())
    };
    let before = versions().await;
    world.runtime.ensure(&spec).await.unwrap();
    assert_eq!(versions().await, before);
    world.remove(spec.id).await;
    world.end().await;
}

/// Waits until a pod of this name is another one than that with the id `before`.
async fn is_made_again(pods: &Api<Pod>, name: &str, before: Option<String>) {
    let again = eventually(async || pods.get(name).await.ok().filter(|pod| pod.uid() != before)).await;
    assert!(again.is_some(), "the pod is made again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_deletes_by_hand_comes_back() {
    let world = World::new().await;
    let spec = spec();
    world.up(&spec).await;
    let (pods, name) = (world.api::<Pod>(), domain::Agent::pod_name_of(spec.id));
    let before = pods.get(&name).await.unwrap().uid();
    pods.delete(&name, &DeleteParams::default().grace_period(0)).await.unwrap();
    is_made_again(&pods, &name, before).await;
    world.until(spec.id, |seen| seen.state == Observed::Running).await;

    // The set and the secret: the reconciler sees nothing of the agent, and asks for it again.
    let set = name.trim_end_matches("-0");
    world.api::<StatefulSet>().delete(set, &DeleteParams::default()).await.unwrap();
    world.until(spec.id, |seen| seen.state == Observed::Stopped).await;
    world.up(&spec).await;

    world.remove(spec.id).await;
    let claims = world.api::<PersistentVolumeClaim>().list(&kube::api::ListParams::default()).await.unwrap();
    assert!(claims.items.is_empty());
    world.end().await;
}

/// The test says of the pod what a kubelet does that runs short; what follows from it is the cluster's.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_whose_node_ends_it_comes_back_with_its_workspace() {
    let world = World::new().await;
    let spec = spec();
    world.up(&spec).await;
    let (pods, name) = (world.api::<Pod>(), domain::Agent::pod_name_of(spec.id));
    let before = pods.get(&name).await.unwrap().uid();
    let mut viewer = world.view(&spec).await;
    assert_eq!(viewer.ask("echo kept >/workspace/kept; echo done").await, "done");
    let status = json!({ "phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory." });
    let patch = Patch::Merge(json!({ "status": status }));
    let told = world.runtime.events();
    pods.patch_status(&name, &PatchParams::default(), &patch).await.unwrap();
    is_made_again(&pods, &name, before).await;
    // The pod that ended is gone by now, and so would be the reason.
    let mut ends = told.filter(|seen| ready(seen.state == Observed::Failed));
    let end = timeout(DEADLINE, ends.next()).await.expect("it is told").unwrap();
    assert_eq!((end.agent_id, end.reason), (spec.id, Some(Reason::Evicted)));
    assert!(end.message.contains("low on resource"), "{}", end.message);
    drop(viewer);

    world.until(spec.id, |seen| seen.state == Observed::Running).await;
    let mut viewer = world.view(&spec).await;
    assert_eq!(viewer.ask("cat /workspace/kept").await, "kept");
    viewer.close().await;
    world.remove(spec.id).await;
    assert_eq!(world.left().await, Vec::<String>::new());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_is_deleted_under_a_live_agent() {
    let world = World::new().await;
    let spec = spec();
    world.up(&spec).await;
    let mut viewer = world.view(&spec).await;
    assert_eq!(viewer.ask("echo work >/workspace/file; cat /workspace/file").await, "work");
    let claim = format!("workspace-{}", domain::Agent::pod_name_of(spec.id));
    world.api::<PersistentVolumeClaim>().delete(&claim, &DeleteParams::default()).await.unwrap();
    // People are told while there is something that they can do.
    let told = world.until(spec.id, |seen| seen.reason == Some(Reason::Volume)).await;
    assert_eq!(told.state, Observed::Running);
    assert!(told.message.contains("its workspace is lost"), "{}", told.message);
    assert_eq!(viewer.ask("cat /workspace/file").await, "work", "it lasts as long as the pod");
    viewer.close().await;

    world.runtime.stop(spec.id).await.unwrap();
    world.until(spec.id, |seen| seen.state == Observed::Stopped).await;
    let again = world.up(&spec).await;
    assert_eq!(again.reason, None, "{again:?}");
    let mut viewer = world.view(&spec).await;
    assert_eq!(viewer.ask("ls /workspace | grep -c file").await, "0", "the volume is another one");
    viewer.close().await;
    world.remove(spec.id).await;
    assert_eq!(world.left().await, Vec::<String>::new());
    world.end().await;
}
