//! Every row of the failure table: what the cluster says, and what is said of it.

use std::time::Duration;

use domain::{AgentId, Explanation, Observed, Reason};
use k8s_openapi::{
    api::{
        apps::v1::StatefulSet,
        core::v1::{Event, PersistentVolumeClaim, Pod},
    },
    apimachinery::pkg::apis::meta::v1::Time,
    jiff::Timestamp,
};
use serde_json::{Value, json};

use super::*;

/// When everything is looked at.
const NOW: i64 = 1_800_000_000;

fn id() -> AgentId {
    AgentId::from_uuid(uuid::Uuid::from_u128(7))
}

fn set(replicas: i32) -> StatefulSet {
    serde_json::from_value(json!({ "metadata": { "uid": "set" }, "spec": {
        "replicas": replicas, "serviceName": "s", "selector": {}, "template": {} } }))
    .unwrap()
}

fn claim(phase: &str) -> PersistentVolumeClaim {
    serde_json::from_value(json!({ "metadata": { "uid": "claim" }, "status": { "phase": phase } })).unwrap()
}

fn pod(status: Value) -> Pod {
    let mut pod: Pod = serde_json::from_value(json!({ "metadata": { "uid": "pod" } })).unwrap();
    pod.status = Some(serde_json::from_value(status).unwrap());
    pod
}

/// A pod whose container is in this state.
fn pod_in(state: &Value) -> Pod {
    pod_after(state, &json!({}), 0)
}

fn pod_after(state: &Value, last: &Value, restarts: i32) -> Pod {
    pod(json!({ "phase": "Pending", "conditions": [{ "type": "PodScheduled", "status": "True" }],
        "containerStatuses": [{ "name": "agent", "image": "registry/agent:1", "imageID": "", "ready": false,
            "restartCount": restarts, "state": state, "lastState": last }] }))
}

fn event(uid: &str, reason: &str, message: &str, second: i64) -> Event {
    Event {
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        last_timestamp: Some(Time(Timestamp::from_second(second).unwrap())),
        involved_object: k8s_openapi::api::core::v1::ObjectReference {
            uid: Some(uid.to_owned()),
            ..k8s_openapi::api::core::v1::ObjectReference::default()
        },
        ..Event::default()
    }
}

fn wanted(pod: Option<Pod>, events: Vec<Event>) -> Facts {
    let start_timeout = Duration::from_secs(30);
    let runs_for = Duration::ZERO;
    let loses_workspace = false;
    let claim = Some(claim("Bound"));
    Facts { stateful_set: Some(set(1)), pod, claim, loses_workspace, events, runs_for, start_timeout }
}

#[track_caller]
fn says(facts: &Facts, state: Observed, reason: Option<Reason>, words: &str, raw: &str) {
    let seen = classify(id(), facts);
    assert_eq!((seen.state, seen.reason), (state, reason), "{}", seen.message);
    let text = Explanation::split(&seen.message);
    assert!(text.sentence.contains(words), "{}", seen.message);
    assert!(text.raw.contains(raw), "{}", seen.message);
    assert!(text.sentence.is_empty() || text.sentence.ends_with('.'), "{}", seen.message);
}

#[test]
fn what_is_there_without_a_pod() {
    says(&Facts::default(), Observed::Absent, None, "", "");
    let kept = Facts { claim: Some(claim("Bound")), ..Facts::default() };
    says(&kept, Observed::Stopped, None, "", "");
    let stopped = Facts { stateful_set: Some(set(0)), ..kept };
    says(&stopped, Observed::Stopped, None, "", "");
    says(&wanted(None, vec![]), Observed::Starting, None, "making its pod", "");
}

#[test]
fn a_launch_says_each_step() {
    let made = |events| wanted(Some(pod_in(&json!({ "waiting": { "reason": "ContainerCreating" } }))), events);
    says(&made(vec![]), Observed::Starting, None, "It has a node", "");
    says(&made(vec![event("pod", "Pulling", "", 1)]), Observed::Starting, None, "being fetched", "");
    says(
        &made(vec![event("pod", "Pulled", "", 2), event("pod", "Pulling", "", 1)]),
        Observed::Starting,
        None,
        "is there",
        "",
    );
    let running = wanted(Some(pod_in(&json!({ "running": {} }))), vec![]);
    says(&running, Observed::Starting, None, "does not answer yet", "");
    let ready = pod(json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }],
        "containerStatuses": [{ "name": "agent", "image": "i", "imageID": "", "ready": true, "restartCount": 0,
            "state": { "running": {} } }] }));
    says(&wanted(Some(ready.clone()), vec![]), Observed::Running, None, "", "");
    let doomed = Facts { loses_workspace: true, ..wanted(Some(ready), vec![]) };
    says(&doomed, Observed::Running, Some(Reason::Volume), "its workspace is lost", "");
}

#[test]
fn no_room_on_any_node() {
    let unscheduled = |message: &str| {
        pod(json!({ "phase": "Pending", "conditions": [{ "type": "PodScheduled", "status": "False",
            "reason": "Unschedulable", "message": message }] }))
    };
    let facts = wanted(Some(unscheduled("0/1 nodes are available: 1 Insufficient memory.")), vec![]);
    says(&facts, Observed::Failed, Some(Reason::Unschedulable), "free memory", "0/1 nodes");
    let growing = wanted(facts.pod.clone(), vec![event("pod", "TriggeredScaleUp", "", 1)]);
    says(&growing, Observed::Starting, None, "adding one", "");
    // The scheduler may have seen the pod before the claim that was made together with it.
    let early = "0/1 nodes are available: 1 persistentvolumeclaim \"workspace-agent-1-0\" not found.";
    says(&wanted(Some(unscheduled(early)), vec![]), Observed::Starting, None, "volume is being made", "");
    let mut facts = wanted(Some(unscheduled("pod has unbound immediate PersistentVolumeClaims")), vec![]);
    facts.claim = Some(claim("Pending"));
    says(&facts, Observed::Starting, None, "volume is being made", "");
    facts.events = vec![event("claim", "ProvisioningFailed", "storageclass \"x\" not found", 1)];
    says(&facts, Observed::Failed, Some(Reason::Volume), "storage class", "not found");
}

#[test]
fn an_image_that_cannot_be_fetched() {
    let waiting = |reason: &str| pod_in(&json!({ "waiting": { "reason": reason, "message": "Back-off" } }));
    says(
        &wanted(Some(waiting("ErrImagePull")), vec![]),
        Observed::Starting,
        Some(Reason::ImagePull),
        "registry/agent:1",
        "",
    );
    let why = event("pod", "Failed", "Failed to pull image: not found", 1);
    // The kubelet says after it which state follows, and that is no reason.
    let states =
        [event("pod", "Failed", "Error: ErrImagePull", 1), event("pod", "Failed", "Error: ImagePullBackOff", 2)];
    let facts = wanted(Some(waiting("ImagePullBackOff")), [vec![why], states.into()].concat());
    says(&facts, Observed::Failed, Some(Reason::ImagePull), "cannot be fetched", "not found");
    let facts = wanted(Some(waiting("InvalidImageName")), vec![]);
    says(&facts, Observed::Failed, Some(Reason::ImagePull), "not an image", "");
}

#[test]
fn a_missing_secret() {
    let waiting =
        pod_in(&json!({ "waiting": { "reason": "CreateContainerConfigError", "message": "secret \"a\" not found" } }));
    says(&wanted(Some(waiting), vec![]), Observed::Failed, Some(Reason::Configuration), "missing", "secret \"a\"");
    let mount = Event { count: Some(5), ..event("pod", "FailedMount", "secret \"agent-1\" not found", 1) };
    let creating = pod_in(&json!({ "waiting": { "reason": "ContainerCreating" } }));
    says(
        &wanted(Some(creating.clone()), vec![mount.clone()]),
        Observed::Failed,
        Some(Reason::Configuration),
        "A secret",
        "agent-1",
    );
    let once = Event { count: Some(1), ..mount };
    says(&wanted(Some(creating), vec![once]), Observed::Starting, None, "being mounted", "");
}

#[test]
fn memory_that_ran_out() {
    let killed = json!({ "terminated": { "exitCode": 137, "reason": "OOMKilled" } });
    let loops = json!({ "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 10s" } });
    let facts = wanted(Some(pod_after(&loops, &killed, 3)), vec![]);
    says(&facts, Observed::Failed, Some(Reason::OutOfMemory), "memory limit", "OOMKilled");
    let facts = wanted(Some(pod_in(&killed.clone())), vec![]);
    says(&facts, Observed::Starting, Some(Reason::OutOfMemory), "memory limit", "137");
    let again = pod(json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }],
        "containerStatuses": [{ "name": "agent", "image": "i", "imageID": "", "ready": true, "restartCount": 1,
            "state": { "running": {} }, "lastState": killed }] }));
    says(&wanted(Some(again), vec![]), Observed::Running, Some(Reason::OutOfMemory), "memory limit", "OOMKilled");
}

#[test]
fn a_crash_loop() {
    let loops = json!({ "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 10s" } });
    let ended = json!({ "terminated": { "exitCode": 3, "reason": "Error", "message": "tmux: no server" } });
    let facts = wanted(Some(pod_after(&loops, &ended, 4)), vec![]);
    says(&facts, Observed::Failed, Some(Reason::CrashLoop), "code 3. It was started 4 times", "tmux: no server");
}

#[test]
fn a_node_that_is_short_or_lost() {
    let evicted = pod(json!({ "phase": "Failed", "reason": "Evicted", "message": "low on memory" }));
    says(&wanted(Some(evicted), vec![]), Observed::Failed, Some(Reason::Evicted), "ran short", "low on memory");
    let lost = pod(json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": "False" },
        { "type": "ContainersReady", "status": "True" }],
        "containerStatuses": [{ "name": "agent", "image": "i", "imageID": "", "ready": true, "restartCount": 0,
            "state": { "running": {} } }] }));
    says(&wanted(Some(lost.clone()), vec![]), Observed::Starting, Some(Reason::NodeLost), "node does not answer", "");
    let mut ending = lost;
    ending.metadata.deletion_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
    says(&wanted(Some(ending), vec![]), Observed::Stopping, Some(Reason::NodeLost), "cannot be ended", "");
}

#[test]
fn a_pod_that_is_not_admitted() {
    let refused = |message: &str| wanted(None, vec![event("set", "FailedCreate", message, 5)]);
    let quota = refused("create Pod a failed: pods \"a\" is forbidden: exceeded quota: agents");
    says(&quota, Observed::Failed, Some(Reason::Quota), "quota is used up", "exceeded quota");
    let policy = refused("pods \"a\" is forbidden: violates PodSecurity \"restricted:latest\"");
    says(&policy, Observed::Failed, Some(Reason::Admission), "rules do not admit", "restricted");
    let account = refused("pods \"a\" is forbidden: error looking up service account agents/agent-sa: not found");
    says(&account, Observed::Failed, Some(Reason::Configuration), "service account", "agent-sa");
    let mut later = quota;
    later.events.push(event("set", "SuccessfulCreate", "", 6));
    says(&later, Observed::Starting, None, "making its pod", "");
    let of_another = wanted(None, vec![event("earlier set", "FailedCreate", "exceeded quota", 5)]);
    says(&of_another, Observed::Starting, None, "making its pod", "");
}

#[test]
fn a_volume_in_trouble() {
    let creating = pod_in(&json!({ "waiting": { "reason": "ContainerCreating" } }));
    let attached = event("pod", "FailedAttachVolume", "Multi-Attach error", 1);
    let facts = wanted(Some(creating.clone()), vec![attached]);
    says(&facts, Observed::Failed, Some(Reason::Volume), "attached", "Multi-Attach");
    let mount = Event { count: Some(6), ..event("pod", "FailedMount", "exit status 32", 1) };
    says(&wanted(Some(creating), vec![mount]), Observed::Failed, Some(Reason::Volume), "mounted", "exit status 32");
    let lost = Facts { claim: Some(claim("Lost")), ..wanted(None, vec![]) };
    says(&lost, Observed::Failed, Some(Reason::Volume), "volume is gone", "");
}

#[test]
fn a_terminal_that_never_answers() {
    let running = |seconds, events| {
        let pod = pod_in(&json!({ "running": { "startedAt": "2026-01-01T00:00:00Z" } }));
        Facts { runs_for: Duration::from_secs(seconds), ..wanted(Some(pod), events) }
    };
    let probe = Event { count: Some(40), ..event("pod", "Unhealthy", "Readiness probe failed", 1) };
    says(&running(29, vec![probe.clone()]), Observed::Starting, None, "does not answer yet", "");
    let late = running(30, vec![probe]);
    says(&late, Observed::Failed, Some(Reason::StartTimeout), "within 30 s", "Readiness");
    let patient = Facts { start_timeout: Duration::from_secs(300), ..late };
    says(&patient, Observed::Starting, None, "does not answer yet", "");
    // Events are forgotten after a while, and it still does not answer.
    says(&running(7200, vec![]), Observed::Failed, Some(Reason::StartTimeout), "within 30 s", "");
}

#[test]
fn what_takes_long_before_the_container_runs_is_no_late_terminal() {
    let mut old = pod_in(&json!({ "waiting": { "reason": "ContainerCreating" } }));
    old.metadata.creation_timestamp = Some(Time(Timestamp::from_second(NOW - 3600).unwrap()));
    says(&wanted(Some(old), vec![event("pod", "Pulling", "", 1)]), Observed::Starting, None, "being fetched", "");
    let mut unscheduled = pod(json!({ "phase": "Pending", "conditions": [{ "type": "PodScheduled", "status": "False",
        "reason": "Unschedulable", "message": "0/1 nodes are available: 1 Insufficient cpu." }] }));
    unscheduled.metadata.creation_timestamp = Some(Time(Timestamp::from_second(NOW - 3600).unwrap()));
    let growing = wanted(Some(unscheduled), vec![event("pod", "TriggeredScaleUp", "", 1)]);
    says(&growing, Observed::Starting, None, "adding one", "");
}

#[test]
fn an_agent_on_its_way_down() {
    let mut ending = pod_in(&json!({ "running": {} }));
    ending.metadata.deletion_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
    let stopped = Facts { stateful_set: Some(set(0)), pod: Some(ending), ..Facts::default() };
    says(&stopped, Observed::Stopping, None, "", "");
    let replaced = Facts { stateful_set: Some(set(1)), ..stopped };
    says(&replaced, Observed::Stopping, None, "being replaced", "");
}
