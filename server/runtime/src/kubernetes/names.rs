//! What our objects are called and how they are told from everybody else's. Names are made from ids alone; nothing that
//! a person typed becomes part of a name or a label.

use std::collections::BTreeMap;

use domain::AgentId;

use crate::{AgentSpec, MadeFor};

/// Who applies our fields, to the API server.
pub(super) const FIELD_MANAGER: &str = "aiworker";
/// The prefix of labels that are ours alone.
pub(super) const AGENT_ID: &str = "aiworker.dev/agent-id";
/// The installation that an object belongs to: several may share a namespace.
pub(super) const INSTALLATION: &str = "aiworker.dev/installation";
const USER_ID: &str = "aiworker.dev/user-id";
const PROJECT_ID: &str = "aiworker.dev/project-id";
/// The annotation with the agent's name, for people who look with kubectl: a name is no valid label.
pub(super) const NAME: &str = "aiworker.dev/name";
/// The headless Service that all agents of a namespace stand behind.
pub(super) const SERVICE: &str = "aiworker-agents";
/// The container's name.
pub(super) const CONTAINER: &str = "agent";
/// The volume's name; the claim is called `workspace-<pod>`.
pub(super) const VOLUME: &str = "workspace";

/// The name of an agent's `StatefulSet` and Secret: 38 characters, of at most 52.
pub(super) fn agent(id: AgentId) -> String {
    format!("agent-{}", id.as_uuid().simple())
}

/// The name of its only pod.
pub(super) fn pod(id: AgentId) -> String {
    format!("{}-0", agent(id))
}

/// The name of its volume claim.
pub(super) fn claim(id: AgentId) -> String {
    format!("{VOLUME}-{}", pod(id))
}

/// The agent that a name of ours, or of something made for it, belongs to.
pub(super) fn agent_of(name: &str) -> Option<AgentId> {
    let name = name.strip_prefix(VOLUME).map_or(name, |rest| rest.trim_start_matches('-'));
    let id = name.strip_prefix("agent-")?.get(..32)?;
    uuid::Uuid::try_parse(id).ok().map(AgentId::from_uuid)
}

/// Whom an object was made for, from its labels. The name is empty where the object does not carry it.
pub(super) fn made_for(object: &impl kube::ResourceExt) -> Option<MadeFor> {
    let labels = object.labels();
    Some(MadeFor {
        user_id: labels.get(USER_ID)?.parse().ok()?,
        project_id: labels.get(PROJECT_ID)?.parse().ok()?,
        name: object.annotations().get(NAME).cloned().unwrap_or_default(),
    })
}

/// What finds all that is ours.
pub(super) fn selector(installation: &str) -> String {
    format!("{INSTALLATION}={installation},{AGENT_ID}")
}

/// What finds all of one agent.
pub(super) fn selector_of(installation: &str, id: AgentId) -> String {
    format!("{INSTALLATION}={installation},{AGENT_ID}={id}")
}

/// The labels of every object of an agent.
pub(super) fn labels(installation: &str, spec: &AgentSpec) -> BTreeMap<String, String> {
    let (agent, user, project) = (spec.id.to_string(), spec.user_id.to_string(), spec.project_id.to_string());
    [
        ("app", "claude-agent"),
        ("userId", &user),
        ("agentId", &agent),
        ("app.kubernetes.io/name", "agent"),
        ("app.kubernetes.io/instance", &self::agent(spec.id)),
        ("app.kubernetes.io/component", "agent"),
        ("app.kubernetes.io/part-of", "aiworker"),
        ("app.kubernetes.io/managed-by", "aiworker"),
        (INSTALLATION, installation),
        (AGENT_ID, &agent),
        (USER_ID, &user),
        (PROJECT_ID, &project),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_agent() {
        let id = AgentId::from_uuid(uuid::Uuid::from_u128(0x0190_b5c6_7d2a_7cc3_9c41_3a8f_0c5d_1e22));
        assert_eq!(pod(id), domain::Agent::pod_name_of(id));
        assert!(agent(id).len() <= 52, "a StatefulSet's name goes into a label of its pods");
        for name in [agent(id), pod(id), claim(id), format!("{}.17f3a", pod(id))] {
            assert_eq!(agent_of(&name), Some(id), "{name}");
        }
        for foreign in ["agent-", "agent-x", "workspace", "agent-\u{e9}0190b5c67d2a7cc39c413a8f0c5d1e2", "other-0"] {
            assert_eq!(agent_of(foreign), None, "{foreign}");
        }
    }
}
