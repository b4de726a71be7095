//! What an agent that is on its way up waits for, and whether that will ever come: a pod, a node, a volume, an image, its
//! terminal.

use domain::Reason;
use k8s_openapi::api::core::v1::{Event, Pod};

use super::{Finding, node_is_lost};
use crate::kubernetes::facts::{Facts, condition, container, times, when, words};

/// Failed mounts in a row that are no longer put down to things arriving in any order.
const MOUNT_TRIES: i32 = 5;

/// There is no pod yet, although one is wanted.
pub(super) fn for_pod(facts: &Facts) -> Finding {
    if let Some(lost) = for_claim(facts) {
        return lost;
    }
    let Some(refused) = facts.last(&["FailedCreate"]) else {
        return Finding::starting("The cluster is making its pod.");
    };
    // What was refused and then made is not refused any more.
    if facts.last(&["SuccessfulCreate"]).is_some_and(|made| when(made) > when(refused)) {
        return Finding::starting("The cluster is making its pod.");
    }
    refusal(words(refused))
}

/// Why the cluster does not make a pod, from what it says.
pub(super) fn refusal(raw: &str) -> Finding {
    let lower = raw.to_lowercase();
    let has = |text: &str| lower.contains(text);
    let (reason, sentence) = if has("exceeded quota") {
        (
            Reason::Quota,
            "The namespace's quota is used up. Stop or delete agents, or ask an operator for more; it starts as soon as there is room.",
        )
    } else if has("podsecurity")
        || has("denied the request")
        || has("admission webhook")
        || has("limitrange")
        || has("usage per")
    {
        (
            Reason::Admission,
            "The cluster's rules do not admit its pod. An operator must change the rules or the settings.",
        )
    } else if has("serviceaccount") || has("service account") {
        (
            Reason::Configuration,
            "The service account that agents run under is missing. An operator must make it; `aiworker doctor` says how.",
        )
    } else if has("runtimeclass") || has("priorityclass") {
        (
            Reason::Configuration,
            "A class that its pod names is missing in the cluster. An operator must make it or choose another one.",
        )
    } else if has("forbidden") {
        (Reason::Admission, "The cluster refuses to make its pod. An operator must look at its rules.")
    } else {
        return Finding::starting("The cluster could not make its pod and tries again.").saying(raw);
    };
    Finding::failed(reason, sentence).saying(raw)
}

/// The pod has no node yet.
pub(super) fn for_node(pod: &Pod, facts: &Facts) -> Option<Finding> {
    let refused = condition(pod, "PodScheduled").filter(|condition| condition.status == "False")?;
    if let Some(found) = for_claim(facts) {
        return Some(found);
    }
    let raw = refused.message.as_deref().unwrap_or_default();
    // The controller makes claim and pod together, and the scheduler may see the pod first.
    let has_no_claim_yet = raw.contains("persistentvolumeclaim \"") && raw.contains("not found");
    let waits = raw.contains("unbound immediate PersistentVolumeClaims") || raw.contains("waiting for a volume");
    if waits || has_no_claim_yet {
        return Some(Finding::starting("Its volume is being made."));
    }
    if raw.contains("volume node affinity conflict") {
        let sentence = "Its volume is on a node that has no room for it or is not there.";
        return Some(Finding::failed(Reason::Volume, sentence).saying(raw));
    }
    if facts.last(&["TriggeredScaleUp"]).is_some() && facts.last(&["NotTriggerScaleUp"]).is_none() {
        return Some(Finding::starting("No node has room for it; the cluster is adding one.").saying(raw));
    }
    let what = if raw.contains("Insufficient memory") {
        "No node has enough free memory for it."
    } else if raw.contains("Insufficient cpu") {
        "No node has enough free processor time for it."
    } else if raw.contains("taint") || raw.contains("unschedulable") {
        "No node takes it at the moment."
    } else {
        "No node of the cluster has room for it."
    };
    let sentence =
        format!("{what} It starts as soon as one does; stop other agents, choose smaller limits, or add a node.");
    Some(Finding::failed(Reason::Unschedulable, sentence).saying(raw))
}

/// Its volume is in trouble.
fn for_claim(facts: &Facts) -> Option<Finding> {
    let claim = facts.claim.as_ref()?;
    let phase = claim.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or_default();
    match phase {
        "Lost" => Some(Finding::failed(
            Reason::Volume,
            "Its volume is gone. What was in its workspace is lost; delete the agent and launch another one.",
        )),
        "Bound" => None,
        _ => {
            let failed = facts.last(&["ProvisioningFailed", "FailedBinding"])?;
            let sentence = "Its volume cannot be made. An operator must look at the storage class.";
            Some(Finding::failed(Reason::Volume, sentence).saying(words(failed)))
        }
    }
}

/// The pod has a node, and its container is being made or does not answer yet.
pub(super) fn for_start(pod: &Pod, facts: &Facts) -> Finding {
    if node_is_lost(pod) {
        let sentence = "Its node does not answer. It is not known how the agent fares; the cluster starts it elsewhere when it gives the node up.";
        return Finding::starting(sentence).because(Reason::NodeLost);
    }
    let running = container(pod).and_then(|status| status.state.as_ref()).is_some_and(|state| state.running.is_some());
    if running {
        return for_terminal(facts);
    }
    let troubles = ["FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "FailedMapVolume"];
    let progress = ["Scheduled", "SuccessfulAttachVolume", "Pulling", "Pulled", "Created", "Started"];
    let Some(last) = facts.happened().into_iter().rfind(|event| {
        event.reason.as_deref().is_some_and(|reason| troubles.contains(&reason) || progress.contains(&reason))
    }) else {
        return Finding::starting("It has a node; its container is being made.");
    };
    match last.reason.as_deref().unwrap_or_default() {
        "Pulling" => Finding::starting("Its image is being fetched."),
        "Pulled" | "Created" | "Started" => Finding::starting("Its image is there; its container is being started."),
        "FailedMount" | "FailedMapVolume" => for_mount(last),
        "FailedAttachVolume" => Finding::failed(
            Reason::Volume,
            "Its volume cannot be attached to its node. It may still be attached to another one; the cluster keeps trying.",
        )
        .saying(words(last)),
        "FailedCreatePodSandBox" => {
            Finding::starting("Its node could not prepare a container and tries again.").saying(words(last))
        }
        _ => Finding::starting("It has a node; its container is being made."),
    }
}

fn for_mount(failed: &Event) -> Finding {
    let raw = words(failed);
    let missing = (raw.contains("secret") || raw.contains("configmap")) && raw.contains("not found");
    if times(failed) < MOUNT_TRIES {
        return Finding::starting("Its volumes are being mounted.").saying(raw);
    }
    if missing {
        let sentence = "A secret that it needs is missing. It is made again with the agent's next start.";
        return Finding::failed(Reason::Configuration, sentence).saying(raw);
    }
    let sentence = "Its volume cannot be mounted. An operator must look at the storage; the cluster keeps trying.";
    Finding::failed(Reason::Volume, sentence).saying(raw)
}

/// Its container runs. Only that time counts: how long a node, a volume and an image take is the cluster's affair, and they
/// have reasons of their own; an autoscaler may well need longer than any terminal.
fn for_terminal(facts: &Facts) -> Finding {
    if facts.runs_for < facts.start_timeout {
        return Finding::starting("It has started; its terminal does not answer yet.");
    }
    let limit = facts.start_timeout.as_secs();
    let sentence = format!(
        "It runs, and its terminal did not answer within {limit} s. Its log says more; stop it and start it again. If it merely is slow, an operator may raise --start-timeout-seconds."
    );
    let raw = facts.last(&["Unhealthy"]).map(words).unwrap_or_default();
    Finding::failed(Reason::StartTimeout, sentence).saying(raw)
}
