//! What the cluster says of one agent, as it says it.

use std::time::Duration;

use k8s_openapi::{
    api::{
        apps::v1::StatefulSet,
        core::v1::{ContainerStatus, Event, PersistentVolumeClaim, Pod, PodCondition},
    },
    jiff::Timestamp,
};

/// What the cluster says of one agent.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// What keeps its pod.
    pub stateful_set: Option<StatefulSet>,
    /// Its pod.
    pub pod: Option<Pod>,
    /// Its volume claim.
    pub claim: Option<PersistentVolumeClaim>,
    /// Whether somebody has deleted that claim, which lasts as long as the pod.
    pub loses_workspace: bool,
    /// What happened to these, in any order.
    pub events: Vec<Event>,
    /// For how long its container has been known to run without its terminal.
    pub runs_for: Duration,
    /// How long its terminal may take to answer once its container runs.
    pub start_timeout: Duration,
}

impl Facts {
    /// Whether its pod is wanted.
    pub fn wanted(&self) -> bool {
        let replicas = |set: &StatefulSet| set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
        self.stateful_set.as_ref().is_some_and(|set| set.metadata.deletion_timestamp.is_none() && replicas(set) > 0)
    }

    /// What happened to the objects that are there now, oldest first. Of the objects before them nothing counts.
    pub fn happened(&self) -> Vec<&Event> {
        let uids = [
            self.stateful_set.as_ref().and_then(|it| it.metadata.uid.as_deref()),
            self.pod.as_ref().and_then(|it| it.metadata.uid.as_deref()),
            self.claim.as_ref().and_then(|it| it.metadata.uid.as_deref()),
        ];
        let ours = |event: &&Event| {
            let uid = event.involved_object.uid.as_deref();
            uid.is_some() && uids.contains(&uid)
        };
        let mut events: Vec<_> = self.events.iter().filter(ours).collect();
        events.sort_by_key(|event| when(event));
        events
    }

    /// The last of the events with one of these reasons.
    pub fn last(&self, reasons: &[&str]) -> Option<&Event> {
        let named = |event: &&Event| event.reason.as_deref().is_some_and(|reason| reasons.contains(&reason));
        self.happened().into_iter().rfind(named)
    }
}

/// When an event happened last.
pub(super) fn when(event: &Event) -> Option<Timestamp> {
    let last = event.last_timestamp.as_ref().map(|time| time.0);
    let series = event.series.as_ref().and_then(|series| series.last_observed_time.as_ref()).map(|time| time.0);
    let single = event.event_time.as_ref().map(|time| time.0);
    series.or(last).or(single).or_else(|| event.metadata.creation_timestamp.as_ref().map(|time| time.0))
}

/// How often it happened.
pub(super) fn times(event: &Event) -> i32 {
    let series = event.series.as_ref().and_then(|series| series.count);
    series.or(event.count).unwrap_or(1)
}

/// What an event says.
pub(super) fn words(event: &Event) -> &str {
    event.message.as_deref().unwrap_or_default().trim()
}

/// The pod's condition of this kind.
pub(super) fn condition<'a>(pod: &'a Pod, kind: &str) -> Option<&'a PodCondition> {
    pod.status.as_ref()?.conditions.as_ref()?.iter().find(|condition| condition.type_ == kind)
}

/// Whether the pod has a condition of this kind, and it is true.
pub(super) fn holds(pod: &Pod, kind: &str) -> bool {
    condition(pod, kind).is_some_and(|condition| condition.status == "True")
}

/// How the agent's container is.
pub(super) fn container(pod: &Pod) -> Option<&ContainerStatus> {
    pod.status.as_ref()?.container_statuses.as_ref()?.first()
}
