//! Looking at an agent: what the API server says of its objects now, and what the watch knows to have happened to them.
//! The objects are read anew each time: a watch may be behind, and an answer about the past looks like one about now.

use std::time::Instant;

use domain::{AgentId, Observation, Observed, RuntimeEvent, Timestamp};
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{Event, PersistentVolumeClaim, Pod},
};
use kube::api::LogParams;

use super::{
    classify,
    client::{Cluster, answer, answer_if_there},
    facts::{Facts, holds, times, when, words},
    names,
};
use crate::RuntimeError;

impl Cluster {
    /// What there is of the agent.
    pub async fn look(&self, id: AgentId) -> Result<Observation, RuntimeError> {
        let facts = self.facts(id).await?;
        Ok(observation(id, &facts))
    }

    /// What there is to say of the agent whose pod this is, if it is up.
    pub fn seen_up(&self, id: AgentId, pod: Pod) -> Option<Observation> {
        let is_up = self.is_ours(&pod, id) && is_ready(&pod);
        is_up.then(|| observation(id, &self.known(id, Some(pod)))).filter(|seen| seen.state == Observed::Running)
    }

    /// What the pod says, and what is known without another question.
    fn known(&self, id: AgentId, pod: Option<Pod>) -> Facts {
        Facts {
            runs_for: self.runs.known_for(id, pod.as_ref(), Instant::now()),
            pod,
            loses_workspace: self.going_claims.look(|going| going.contains(id)),
            events: self.happened.look(|happened| happened.of(id)),
            start_timeout: self.config.start_timeout,
            ..Facts::default()
        }
    }

    async fn facts(&self, id: AgentId) -> Result<Facts, RuntimeError> {
        const WHAT: &str = "looking at the agent";
        let pods = self.api::<Pod>();
        let pod = answer_if_there(WHAT, pods.get(&names::pod(id))).await?.filter(|pod| self.is_ours(pod, id));
        let mut facts = self.known(id, pod);
        if facts.pod.as_ref().is_some_and(is_ready) {
            // It runs; the rest would change nothing in what is said of it.
            return Ok(facts);
        }
        let (sets, claims) = (self.api::<StatefulSet>(), self.api::<PersistentVolumeClaim>());
        let (set_name, claim_name) = (names::agent(id), names::claim(id));
        let (stateful_set, claim) =
            tokio::join!(answer_if_there(WHAT, sets.get(&set_name)), answer_if_there(WHAT, claims.get(&claim_name)),);
        facts.stateful_set = stateful_set?.filter(|set| self.is_ours(set, id));
        facts.claim = claim?.filter(|claim| self.is_ours(claim, id));
        Ok(facts)
    }

    /// Whether an object with a name of ours is ours.
    pub fn is_ours(&self, object: &impl kube::ResourceExt, id: AgentId) -> bool {
        let labels = object.labels();
        labels.get(names::INSTALLATION) == Some(&self.config.installation)
            && labels.get(names::AGENT_ID) == Some(&id.to_string())
    }

    /// The last lines of the agent's container: of the run before this one when this one has printed nothing.
    pub async fn logs(&self, id: AgentId, tail: usize) -> Result<String, RuntimeError> {
        const WHAT: &str = "reading the agent's log";
        let params = |previous| LogParams {
            container: Some(names::CONTAINER.to_owned()),
            tail_lines: Some(i64::try_from(tail).unwrap_or(i64::MAX)),
            previous,
            ..LogParams::default()
        };
        let (pods, name) = (self.api::<Pod>(), names::pod(id));
        let log = match answer(WHAT, pods.logs(&name, &params(false))).await {
            // A container that has not been made has no log, and the API server calls that a bad request.
            Err(RuntimeError::Refused { reason: domain::Reason::Configuration, .. }) => String::new(),
            log => log?,
        };
        if !log.trim().is_empty() {
            return Ok(log);
        }
        Ok(answer(WHAT, pods.logs(&name, &params(true))).await.unwrap_or_default())
    }
}

fn observation(id: AgentId, facts: &Facts) -> Observation {
    let events = facts.events.iter().filter_map(told).collect();
    Observation { events, ..classify::classify(id, facts) }
}

/// Whether the pod's terminal answers, and nobody has asked for its end.
fn is_ready(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_none() && holds(pod, "Ready")
}

/// An event as people are told of it. One without a time cannot be put in order.
fn told(event: &Event) -> Option<RuntimeEvent> {
    let at = Timestamp::from_millisecond(when(event)?.as_millisecond()).ok()?;
    Some(RuntimeEvent {
        at,
        warning: event.type_.as_deref() == Some("Warning"),
        about: event.involved_object.kind.clone().unwrap_or_default(),
        what: event.reason.clone().unwrap_or_default(),
        message: words(event).to_owned(),
        times: times(event).try_into().unwrap_or(1),
    })
}
