//! From an agent to its objects. Pure: nothing here knows a cluster. What comes out satisfies Pod Security "restricted".

use k8s_openapi::{
    ByteString,
    api::{
        apps::v1::{StatefulSet, StatefulSetSpec, StatefulSetUpdateStrategy},
        core::v1::{
            PersistentVolumeClaim, PersistentVolumeClaimSpec, PodTemplateSpec, Secret, Service, ServicePort,
            ServiceSpec, VolumeResourceRequirements,
        },
    },
    apimachinery::pkg::{
        api::resource::Quantity,
        apis::meta::v1::{LabelSelector, ObjectMeta, OwnerReference},
        util::intstr::IntOrString,
    },
};
use secrecy::{ExposeSecret, SecretString};

use super::{config::KubernetesConfig, names};
use crate::{AgentSpec, TERMINAL_PORT};

mod pod;

/// The file of the terminal's password among an agent's secrets.
const PASSWORD_FILE: &str = "terminal-password";
/// The file of the agent's token among its secrets.
const TOKEN_FILE: &str = "token";

/// The agent's secrets; they go when `owner`, the `StatefulSet`, goes.
pub(super) fn secret(config: &KubernetesConfig, spec: &AgentSpec, owner: Option<OwnerReference>) -> Secret {
    let password = [(PASSWORD_FILE, &spec.terminal_password)].into_iter();
    let token = spec.token.iter().map(|token| (TOKEN_FILE, token));
    let credentials = spec.credentials.iter().map(|(name, secret)| (name.as_str(), secret));
    let files = password.chain(token).chain(credentials);
    Secret {
        metadata: ObjectMeta { owner_references: owner.map(|owner| vec![owner]), ..metadata(config, spec) },
        type_: Some("Opaque".to_owned()),
        // Not `stringData`: applied again, it would count as a change.
        data: Some(files.map(|(name, secret)| (name.to_owned(), bytes(secret))).collect()),
        ..Secret::default()
    }
}

fn bytes(secret: &SecretString) -> ByteString {
    ByteString(secret.expose_secret().as_bytes().to_vec())
}

/// Who the secrets belong to: the `StatefulSet` as the API server knows it.
pub(super) fn owner(stateful_set: &StatefulSet) -> Option<OwnerReference> {
    Some(OwnerReference {
        api_version: "apps/v1".to_owned(),
        kind: "StatefulSet".to_owned(),
        name: stateful_set.metadata.name.clone()?,
        uid: stateful_set.metadata.uid.clone()?,
        ..OwnerReference::default()
    })
}

/// The headless Service that gives agents their names.
pub(super) fn service(config: &KubernetesConfig) -> Service {
    let labels = [
        ("app.kubernetes.io/name", "agent"),
        ("app.kubernetes.io/part-of", "aiworker"),
        ("app.kubernetes.io/managed-by", "aiworker"),
    ];
    Service {
        metadata: ObjectMeta {
            name: Some(names::SERVICE.to_owned()),
            namespace: Some(config.namespace.clone()),
            labels: Some(labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
            ..ObjectMeta::default()
        },
        spec: Some(ServiceSpec {
            cluster_ip: Some("None".to_owned()),
            selector: Some([("app".to_owned(), "claude-agent".to_owned())].into()),
            ports: Some(vec![ServicePort {
                name: Some("terminal".to_owned()),
                port: TERMINAL_PORT.into(),
                // The default, but part of what a port is known by when objects are applied.
                protocol: Some("TCP".to_owned()),
                target_port: Some(IntOrString::String("terminal".to_owned())),
                ..ServicePort::default()
            }]),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}

/// What keeps the agent's pod and its volume.
pub(super) fn stateful_set(config: &KubernetesConfig, spec: &AgentSpec) -> StatefulSet {
    let labels = names::labels(&config.installation, spec);
    // A selector cannot be changed later: only what never changes.
    let selector = [(names::AGENT_ID.to_owned(), spec.id.to_string())];
    StatefulSet {
        metadata: ObjectMeta {
            annotations: Some([(names::NAME.to_owned(), spec.name.clone())].into()),
            ..metadata(config, spec)
        },
        spec: Some(StatefulSetSpec {
            replicas: Some(1),
            service_name: Some(names::SERVICE.to_owned()),
            selector: LabelSelector { match_labels: Some(selector.into()), ..LabelSelector::default() },
            // New settings must not end a running agent; they hold from its next start.
            update_strategy: Some(StatefulSetUpdateStrategy {
                type_: Some("OnDelete".to_owned()),
                ..StatefulSetUpdateStrategy::default()
            }),
            // No policy for the claim: a set that is deleted by hand must not take the work with it. We delete it by name.
            pod_management_policy: Some("Parallel".to_owned()),
            revision_history_limit: Some(1),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(labels.clone()), ..ObjectMeta::default() }),
                spec: Some(pod::spec(config, spec)),
            },
            volume_claim_templates: Some(vec![claim(config, spec)]),
            ..StatefulSetSpec::default()
        }),
        ..StatefulSet::default()
    }
}

fn claim(config: &KubernetesConfig, spec: &AgentSpec) -> PersistentVolumeClaim {
    let size = [("storage".to_owned(), Quantity(config.storage_size.clone()))];
    PersistentVolumeClaim {
        metadata: ObjectMeta {
            name: Some(names::VOLUME.to_owned()),
            labels: Some(names::labels(&config.installation, spec)),
            ..ObjectMeta::default()
        },
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            storage_class_name: (!config.storage_class.is_empty()).then(|| config.storage_class.clone()),
            resources: Some(VolumeResourceRequirements {
                requests: Some(size.into()),
                ..VolumeResourceRequirements::default()
            }),
            ..PersistentVolumeClaimSpec::default()
        }),
        ..PersistentVolumeClaim::default()
    }
}

fn metadata(config: &KubernetesConfig, spec: &AgentSpec) -> ObjectMeta {
    ObjectMeta {
        name: Some(names::agent(spec.id)),
        namespace: Some(config.namespace.clone()),
        labels: Some(names::labels(&config.installation, spec)),
        ..ObjectMeta::default()
    }
}

#[cfg(test)]
mod tests;
