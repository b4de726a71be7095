//! What `aiworker doctor` asks of a cluster: whether it answers, what is missing, and which permissions are.

use std::fmt::Debug;

use domain::Reason;
use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec},
        core::v1::{ContainerStatus, Namespace, PersistentVolumeClaim, Pod, Secret, ServiceAccount},
        storage::v1::StorageClass,
    },
};
use kube::{
    Api, Resource,
    api::{ListParams, PostParams},
};
use serde::de::DeserializeOwned;

use super::{
    client::{Cluster, answer},
    config::KubernetesConfig,
    facts::container,
    names,
};
use crate::{
    RuntimeError,
    process::{Check, Outcome},
};

/// Everything that the runtime does in the agents' namespace: group, kind, part, verbs. The Role in `k8s/base` grants
/// exactly this.
const PERMISSIONS: [(&str, &str, &str, &[&str]); 8] = [
    ("apps", "statefulsets", "", &["create", "delete", "get", "list", "patch", "watch"]),
    ("", "secrets", "", &["create", "delete", "get", "list", "patch"]),
    ("", "services", "", &["create", "patch"]),
    ("", "persistentvolumeclaims", "", &["delete", "get", "list", "watch"]),
    ("", "pods", "", &["get", "list", "watch"]),
    ("", "pods", "log", &["get"]),
    // Since Kubernetes 1.35 the way through the API server needs `create`; before that, `get`.
    ("", "pods", "portforward", &["create", "get"]),
    ("", "events", "", &["list", "watch"]),
];

/// Looks at the cluster and says how to mend what fails. Changes nothing.
pub async fn preflight(config: KubernetesConfig) -> Vec<Check> {
    let cluster = match Cluster::connect(config).await {
        Ok(cluster) => cluster,
        Err(error) => return vec![broken("cluster", one_line(&error))],
    };
    let version = match answer("asking for its version", cluster.client().apiserver_version()).await {
        Ok(version) => version,
        Err(error) => {
            return vec![broken(
                "cluster",
                format!("It does not answer. Check --kubeconfig and the network. ({})", one_line(&error)),
            )];
        }
    };
    let mut checks = vec![good("cluster", format!("Kubernetes {}", version.git_version))];
    checks.push(namespace(&cluster).await);
    checks.push(permissions(&cluster).await);
    checks.extend(pull_secret(&cluster).await);
    let pods = ours::<Pod>(&cluster, "looking for agents").await;
    checks.extend(service_account(&cluster, &pods).await);
    checks.extend(storage_class(&cluster).await);
    checks.push(image(&cluster, &pods));
    checks
}

async fn namespace(cluster: &Cluster) -> Check {
    const NAME: &str = "namespace";
    let name = &cluster.config.namespace;
    let api: Api<Namespace> = Api::all(cluster.client().clone());
    match answer("looking at the namespace", api.get(name)).await {
        Ok(_) => good(NAME, name.clone()),
        // A missing namespace is told from other missing things, because nothing else of ours can be there without it.
        Err(RuntimeError::Refused { reason: Reason::Configuration, .. }) => no_namespace(name),
        // Reading namespaces is not among the permissions that are needed. Writing there is, and tells as much.
        Err(_) => match cluster.try_write("trying a write in the namespace").await {
            Ok(()) => good(NAME, name.clone()),
            Err(RuntimeError::Refused { reason: Reason::Configuration, message }) if message.contains("namespaces") => {
                no_namespace(name)
            }
            Err(error @ RuntimeError::Refused { reason: Reason::NameTaken, .. }) => broken(NAME, one_line(&error)),
            Err(error) => {
                weaker(NAME, format!("{name}, not checked: nothing may be written there. ({})", one_line(&error)))
            }
        },
    }
}

fn no_namespace(name: &str) -> Check {
    broken("namespace", format!("{name} is missing. Make it: kubectl create namespace {name}"))
}

async fn permissions(cluster: &Cluster) -> Check {
    const NAME: &str = "permissions";
    let mut missing = Vec::new();
    for (group, kind, part, verbs) in PERMISSIONS {
        for verb in verbs {
            match allowed(cluster, group, kind, part, verb).await {
                Ok(true) => {}
                Ok(false) => {
                    let part = if part.is_empty() { String::new() } else { format!("/{part}") };
                    missing.push(format!("{verb} {kind}{part}"));
                }
                Err(error) => return weaker(NAME, format!("They cannot be asked for. ({})", one_line(&error))),
            }
        }
    }
    if missing.is_empty() {
        return good(NAME, "all there".to_owned());
    }
    let namespace = &cluster.config.namespace;
    broken(NAME, format!("Missing in {namespace}: {}. Apply the Role of k8s/base.", missing.join(", ")))
}

async fn allowed(cluster: &Cluster, group: &str, kind: &str, part: &str, verb: &str) -> Result<bool, RuntimeError> {
    let api: Api<SelfSubjectAccessReview> = Api::all(cluster.client().clone());
    let attributes = ResourceAttributes {
        group: Some(group.to_owned()),
        namespace: Some(cluster.config.namespace.clone()),
        resource: Some(kind.to_owned()),
        subresource: (!part.is_empty()).then(|| part.to_owned()),
        verb: Some(verb.to_owned()),
        ..ResourceAttributes::default()
    };
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(attributes),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    };
    let answered = answer("asking for a permission", api.create(&PostParams::default(), &review)).await?;
    Ok(answered.status.is_some_and(|status| status.allowed))
}

async fn pull_secret(cluster: &Cluster) -> Option<Check> {
    const NAME: &str = "pull secret";
    let name = &cluster.config.image_pull_secret;
    if name.is_empty() {
        return None;
    }
    let namespace = &cluster.config.namespace;
    Some(match answer("looking at the pull secret", cluster.api::<Secret>().get_metadata(name)).await {
        Ok(_) => good(NAME, name.clone()),
        Err(RuntimeError::NotFound) => weaker(
            NAME,
            format!(
                "{name} is missing in {namespace}: private images cannot be fetched. Make it, or set --image-pull-secret ''."
            ),
        ),
        Err(error) => weaker(NAME, one_line(&error)),
    })
}

/// Only a node can tell whether it can fetch an image, and only for a pod. Those that are there tell.
fn image(cluster: &Cluster, pods: &Result<Vec<Pod>, RuntimeError>) -> Check {
    let image = &cluster.config.image;
    match pods {
        Ok(pods) => judge_image(image, pods),
        Err(error) => {
            let why = one_line(error);
            weaker("agents' image", format!("{image}, not checked: agents cannot be looked for. ({why})"))
        }
    }
}

fn judge_image(image: &str, pods: &[Pod]) -> Check {
    const NAME: &str = "agents' image";
    let with_it = pods.iter().filter(|pod| {
        let spec = pod.spec.as_ref().into_iter();
        spec.flat_map(|spec| &spec.containers).any(|container| container.image.as_deref() == Some(image))
    });
    let statuses: Vec<_> = with_it.filter_map(container).collect();
    let came_up = |status: &&&ContainerStatus| !status.image_id.is_empty();
    let unfetched = statuses.iter().filter(|status| !came_up(status)).find_map(|status| {
        let waiting = status.state.as_ref()?.waiting.as_ref()?;
        let reason = waiting.reason.as_deref()?;
        let is_about_it = ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"].contains(&reason);
        is_about_it.then(|| waiting.message.clone().unwrap_or_else(|| reason.to_owned()))
    });
    if let Some(why) = unfetched {
        let what = "a node cannot fetch it. Check --agent-image, --image-pull-secret and the registry.";
        return broken(NAME, format!("{image}: {what} ({})", why.replace('\n', " ")));
    }
    match statuses.iter().filter(came_up).count() {
        0 => {
            weaker(NAME, format!("{image}, not checked: no agent here has used it yet. Launch one to see it fetched."))
        }
        1 => good(NAME, format!("{image}, an agent has it")),
        number => good(NAME, format!("{image}, {number} agents have it")),
    }
}

async fn service_account(cluster: &Cluster, pods: &Result<Vec<Pod>, RuntimeError>) -> Option<Check> {
    let name = &cluster.config.service_account;
    if name.is_empty() {
        return None;
    }
    let asked = answer("looking at the service account", cluster.api::<ServiceAccount>().get(name)).await.map(drop);
    let pods = pods.as_deref().unwrap_or_default();
    Some(judge_service_account(name, &cluster.config.namespace, &asked, pods))
}

fn judge_service_account(name: &str, namespace: &str, asked: &Result<(), RuntimeError>, pods: &[Pod]) -> Check {
    const NAME: &str = "service account";
    // No pod is made for one that is missing.
    let has_it = |pod: &&Pod| pod.spec.as_ref().and_then(|spec| spec.service_account_name.as_deref()) == Some(name);
    match asked {
        Ok(()) => good(NAME, name.to_owned()),
        Err(RuntimeError::NotFound) => broken(
            NAME,
            format!(
                "{name} is missing: no agent can start. Make it: kubectl -n {namespace} create serviceaccount {name}"
            ),
        ),
        Err(_) if pods.iter().any(|pod| has_it(&pod)) => good(NAME, format!("{name}, an agent has it")),
        Err(_) => weaker(
            NAME,
            format!(
                "{name}, not checked: it may not be asked for. See for yourself: kubectl -n {namespace} get serviceaccount {name}"
            ),
        ),
    }
}

async fn storage_class(cluster: &Cluster) -> Option<Check> {
    let name = &cluster.config.storage_class;
    if name.is_empty() {
        return None;
    }
    let api: Api<StorageClass> = Api::all(cluster.client().clone());
    let asked = answer("looking at the storage class", api.get(name)).await.map(drop);
    let claims = match asked {
        Ok(()) | Err(RuntimeError::NotFound) => Vec::new(),
        // The claims that are there tell.
        Err(_) => ours::<PersistentVolumeClaim>(cluster, "looking for volumes").await.unwrap_or_default(),
    };
    Some(judge_storage_class(name, &asked, &claims))
}

fn judge_storage_class(name: &str, asked: &Result<(), RuntimeError>, claims: &[PersistentVolumeClaim]) -> Check {
    const NAME: &str = "storage class";
    let is_bound_by_it = |claim: &PersistentVolumeClaim| {
        let class = claim.spec.as_ref().and_then(|spec| spec.storage_class_name.as_deref());
        let phase = claim.status.as_ref().and_then(|status| status.phase.as_deref());
        class == Some(name) && phase == Some("Bound")
    };
    match asked {
        Ok(()) => good(NAME, name.to_owned()),
        Err(RuntimeError::NotFound) => broken(
            NAME,
            format!(
                "{name} is missing: no agent gets a volume. Choose one of `kubectl get storageclass` with --storage-class, or '' for the default."
            ),
        ),
        Err(_) if claims.iter().any(is_bound_by_it) => good(NAME, format!("{name}, an agent has a volume of it")),
        Err(_) => weaker(
            NAME,
            format!("{name}, not checked: it may not be asked for. See for yourself: kubectl get storageclass {name}"),
        ),
    }
}

/// What is ours of one kind.
async fn ours<K>(cluster: &Cluster, what: &'static str) -> Result<Vec<K>, RuntimeError>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let params = ListParams::default().labels(&names::selector(&cluster.config.installation));
    Ok(answer(what, cluster.api::<K>().list(&params)).await?.items)
}

fn good(name: &'static str, detail: String) -> Check {
    Check { name, outcome: Outcome::Good(detail) }
}

fn weaker(name: &'static str, detail: String) -> Check {
    Check { name, outcome: Outcome::Weaker(detail) }
}

fn broken(name: &'static str, detail: String) -> Check {
    Check { name, outcome: Outcome::Broken(detail) }
}

fn one_line(error: &RuntimeError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The Role that is installed, without its comments.
    const ROLE: &str = include_str!(concat!(env!("OUT_DIR"), "/role.yaml"));

    fn agent(image: &str, image_id: &str, state: &serde_json::Value) -> Pod {
        let status = serde_json::json!({ "name": "agent", "image": image, "imageID": image_id, "ready": false,
            "restartCount": 0, "state": state });
        serde_json::from_value(serde_json::json!({ "metadata": {},
            "spec": { "containers": [{ "name": "agent", "image": image }] }, "status": { "containerStatuses": [status] } }))
        .unwrap()
    }

    #[test]
    fn an_image_is_good_only_when_a_node_has_fetched_it() {
        let running = serde_json::json!({ "running": {} });
        let refused = serde_json::json!({ "waiting": { "reason": "ImagePullBackOff", "message": "no such tag" } });
        let creating = serde_json::json!({ "waiting": { "reason": "ContainerCreating" } });
        let judged = |pods: &[Pod]| judge_image("agent:2", pods).outcome;
        let not_checked = |outcome| matches!(outcome, Outcome::Weaker(text) if text.contains("not checked"));
        assert!(not_checked(judged(&[])));
        assert!(not_checked(judged(&[agent("agent:1", "sha256:1", &running)])), "that is another image");
        assert!(not_checked(judged(&[agent("agent:2", "", &creating)])));
        let fetched = agent("agent:2", "sha256:2", &running);
        assert!(
            matches!(judged(std::slice::from_ref(&fetched)), Outcome::Good(text) if text.contains("an agent has it"))
        );
        let outcome = judged(&[fetched, agent("agent:2", "", &refused)]);
        assert!(
            matches!(outcome, Outcome::Broken(text) if text.contains("no such tag") && text.contains("--agent-image"))
        );
    }

    /// What the API server answers a server that has nothing but its Role.
    fn may_not_ask() -> Result<(), RuntimeError> {
        Err(RuntimeError::Refused { reason: Reason::Forbidden, message: "cannot get".to_owned() })
    }

    #[test]
    fn a_service_account_is_good_when_it_was_seen() {
        let judged = |asked: Result<(), RuntimeError>, pods: &[Pod]| {
            judge_service_account("agent-sa", "ns", &asked, pods).outcome
        };
        let pod = |account: &str| -> Pod {
            serde_json::from_value(serde_json::json!({ "metadata": {},
                "spec": { "containers": [], "serviceAccountName": account } }))
            .unwrap()
        };
        assert!(matches!(judged(Ok(()), &[]), Outcome::Good(_)));
        assert!(
            matches!(judged(Err(RuntimeError::NotFound), &[]), Outcome::Broken(text) if text.contains("create serviceaccount agent-sa"))
        );
        for pods in [&[][..], &[pod("default")]] {
            assert!(matches!(judged(may_not_ask(), pods), Outcome::Weaker(text) if text.contains("not checked")));
        }
        assert!(matches!(judged(may_not_ask(), &[pod("agent-sa")]), Outcome::Good(_)));
    }

    #[test]
    fn a_storage_class_is_good_when_it_or_a_volume_of_it_was_seen() {
        let judged = |asked: Result<(), RuntimeError>, claims: &[PersistentVolumeClaim]| {
            judge_storage_class("longhorn", &asked, claims).outcome
        };
        let claim = |class: &str, phase: &str| -> PersistentVolumeClaim {
            serde_json::from_value(serde_json::json!({ "metadata": {}, "spec": { "storageClassName": class },
                "status": { "phase": phase } }))
            .unwrap()
        };
        assert!(matches!(judged(Ok(()), &[]), Outcome::Good(_)));
        assert!(
            matches!(judged(Err(RuntimeError::NotFound), &[]), Outcome::Broken(text) if text.contains("--storage-class"))
        );
        for claims in [&[][..], &[claim("longhorn", "Pending")], &[claim("other", "Bound")]] {
            assert!(matches!(judged(may_not_ask(), claims), Outcome::Weaker(text) if text.contains("not checked")));
        }
        assert!(matches!(judged(may_not_ask(), &[claim("longhorn", "Bound")]), Outcome::Good(_)));
    }

    #[test]
    fn the_role_grants_what_is_used_and_nothing_else() {
        let rule = |(group, kind, part, verbs): (&str, &str, &str, &[&str])| {
            let group = if group.is_empty() { "\"\"" } else { group };
            let part = if part.is_empty() { String::new() } else { format!("/{part}") };
            let verbs = verbs.join(", ");
            format!("  - apiGroups: [{group}]\n    resources: [{kind}{part}]\n    verbs: [{verbs}]\n")
        };
        let used: String = PERMISSIONS.into_iter().map(rule).collect();
        let granted = ROLE.split_once("rules:\n").unwrap().1;
        let granted: String = granted
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(granted, used);
    }
}
