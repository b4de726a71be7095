//! From what the cluster says of an agent to what is said to people. Pure: the same facts give the same words.
//!
//! The most telling fact wins: a pod's own state, then the state of what it waits for, then what merely happened.

use domain::{AgentId, Observation, Observed, Reason, Step};
use k8s_openapi::api::core::v1::Pod;

use super::facts::{Facts, condition, container, holds, words};

mod container_state;
mod waiting;

/// What was found, before it has an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    state: Observed,
    reason: Option<Reason>,
    sentence: String,
    raw: String,
}

impl Finding {
    fn plain(state: Observed) -> Self {
        Self { state, reason: None, sentence: String::new(), raw: String::new() }
    }

    fn starting(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), ..Self::plain(Observed::Starting) }
    }

    fn failed(reason: Reason, sentence: impl Into<String>) -> Self {
        Self { reason: Some(reason), sentence: sentence.into(), ..Self::plain(Observed::Failed) }
    }

    /// Says why, and still counts as on its way.
    fn because(self, reason: Reason) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// Adds what the cluster said in its own words.
    fn saying(self, raw: impl Into<String>) -> Self {
        Self { raw: raw.into(), ..self }
    }

    fn of(self, id: AgentId) -> Observation {
        let message = domain::Explanation::join(&self.sentence, &self.raw);
        Observation { reason: self.reason, message, ..Observation::plain(id, self.state) }
    }
}

/// What to say of an agent.
pub(super) fn classify(id: AgentId, facts: &Facts) -> Observation {
    Observation { step: step(facts), ..find(facts).of(id) }
}

/// What to say of a pod that has ended for good; nothing of any other. Its `StatefulSet` deletes it at once, so that whoever
/// looks for it later finds its successor. One that somebody has deleted fails, too, when its processes must be killed, and
/// then nothing gives a reason.
pub(super) fn end(id: AgentId, pod: &Pod) -> Option<Observation> {
    let has_reason = pod.status.as_ref().is_some_and(|status| status.reason.is_some());
    let ended = phase(pod) == "Failed" && (has_reason || pod.metadata.deletion_timestamp.is_none());
    ended.then(|| ended_by_its_node(pod).of(id))
}

/// How far its pod has come. What the pod itself says counts; events only tell what is between.
fn step(facts: &Facts) -> Option<Step> {
    let pod = facts.pod.as_ref().filter(|pod| pod.metadata.deletion_timestamp.is_none())?;
    if holds(pod, "Ready") {
        return Some(Step::Ready);
    }
    let status = container(pod);
    if status.and_then(|status| status.state.as_ref()).is_some_and(|state| state.running.is_some()) {
        return Some(Step::Started);
    }
    let last = facts.last(&["Pulling", "Pulled", "Created", "Started"]).and_then(|event| event.reason.as_deref());
    match last {
        Some("Pulling") => Some(Step::Pulling),
        Some(_) => Some(Step::Created),
        None => holds(pod, "PodScheduled").then_some(Step::Scheduled),
    }
}

fn find(facts: &Facts) -> Finding {
    let Some(pod) = &facts.pod else { return without_pod(facts) };
    if pod.metadata.deletion_timestamp.is_some() {
        return stopping(pod, facts);
    }
    if phase(pod) == "Failed" {
        return ended_by_its_node(pod);
    }
    if let Some(refused) = waiting::for_node(pod, facts) {
        return refused;
    }
    if let Some(found) = container(pod).and_then(|status| container_state::look(status, facts)) {
        return found;
    }
    if holds(pod, "Ready") {
        if facts.loses_workspace {
            return workspace_goes();
        }
        return container(pod).and_then(container_state::remark).unwrap_or_else(|| Finding::plain(Observed::Running));
    }
    waiting::for_start(pod, facts)
}

fn workspace_goes() -> Finding {
    let sentence = "Somebody has deleted its volume in the cluster: when it stops, its workspace is lost. Push or copy what you want to keep; its next start begins with an empty workspace.";
    let running = Finding { sentence: sentence.to_owned(), ..Finding::plain(Observed::Running) };
    running.because(Reason::Volume)
}

fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or_default()
}

fn without_pod(facts: &Facts) -> Finding {
    if facts.wanted() {
        return waiting::for_pod(facts);
    }
    if facts.claim.as_ref().is_some_and(|claim| claim.metadata.deletion_timestamp.is_none())
        || facts.stateful_set.as_ref().is_some_and(|set| set.metadata.deletion_timestamp.is_none())
    {
        return Finding::plain(Observed::Stopped);
    }
    Finding::plain(Observed::Absent)
}

fn stopping(pod: &Pod, facts: &Facts) -> Finding {
    let stopping = Finding::plain(Observed::Stopping);
    if node_is_lost(pod) {
        return Finding {
            sentence: "Its node does not answer, so it cannot be ended. It goes when the node comes back or is removed from the cluster.".to_owned(),
            ..stopping
        }
        .because(Reason::NodeLost);
    }
    if facts.wanted() {
        let sentence = "Its pod is being replaced.".to_owned();
        return Finding { sentence, ..stopping };
    }
    stopping
}

/// Whether the node that the pod is on has fallen silent.
fn node_is_lost(pod: &Pod) -> bool {
    let told = pod.status.as_ref().and_then(|status| status.reason.as_deref()) == Some("NodeLost");
    // The node's controller says that the pod is not ready while its last report says that its container is.
    let contradicted = condition(pod, "Ready").is_some_and(|ready| ready.status != "True")
        && condition(pod, "ContainersReady").is_some_and(|ready| ready.status == "True")
        && container(pod).is_some_and(|status| status.ready);
    told || contradicted
}

/// A pod that has ended for good; its `StatefulSet` makes another one.
fn ended_by_its_node(pod: &Pod) -> Finding {
    let status = pod.status.as_ref();
    let reason = status.and_then(|status| status.reason.as_deref()).unwrap_or_default();
    let raw = status.and_then(|status| status.message.clone()).unwrap_or_else(|| reason.to_owned());
    match reason {
        "Evicted" | "Preempting" | "Shutdown" | "NodeShutdown" | "Terminated" => Finding::failed(
            Reason::Evicted,
            "Its node ran short of something and ended it. The cluster starts it again where there is room; its workspace is kept.",
        ),
        "NodeLost" => Finding::failed(
            Reason::NodeLost,
            "Its node does not answer. The cluster starts it again elsewhere when it gives the node up.",
        ),
        reason if reason.starts_with("OutOf") || reason == "NodeAffinity" => Finding::failed(
            Reason::Unschedulable,
            "The node that it was given has no room for it after all. The cluster tries again.",
        ),
        _ => Finding::failed(Reason::Exited, "Its pod ended. The cluster starts it again; its workspace is kept."),
    }
    .saying(raw)
}

/// Why the cluster does not take something, from what it says.
pub(super) fn refused(raw: &str) -> (Reason, String) {
    let finding = waiting::refusal(raw);
    (finding.reason.unwrap_or(Reason::Admission), finding.sentence)
}

/// What the last of these events said, if there was one.
fn said(facts: &Facts, reasons: &[&str]) -> Option<String> {
    facts.last(reasons).map(|event| words(event).to_owned())
}

#[cfg(test)]
mod tests;
