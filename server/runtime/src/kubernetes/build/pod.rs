//! The pod of an agent: one container that is nobody in particular, may change nothing but its own folders, and knows
//! nothing of the cluster.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{
        Capabilities, Container, ContainerPort, EmptyDirVolumeSource, EnvVar, EnvVarSource, ExecAction, Lifecycle,
        LifecycleHandler, LocalObjectReference, ObjectFieldSelector, PodSecurityContext, PodSpec, Probe,
        ResourceRequirements, SeccompProfile, SecretKeySelector, SecretVolumeSource, SecurityContext, TCPSocketAction,
        Volume, VolumeMount,
    },
    apimachinery::pkg::{api::resource::Quantity, util::intstr::IntOrString},
};

use super::{PASSWORD_FILE, names};
use crate::{AgentSpec, TERMINAL_PORT, kubernetes::config::KubernetesConfig};

/// The user and the group that the image runs as.
const AGENT: i64 = 1000;
/// Where the secrets' files are.
const SECRETS: &str = "/run/agent/secrets";
/// How long programs have to end, in seconds: tmux hangs up on the shells, and the entrypoint waits 4 s for them.
const GRACE_SECONDS: i64 = 10;
/// How often the terminal's port is tried, in seconds. A connection that is opened and closed costs nothing.
const PROBE_SECONDS: i32 = 1;
/// Connections in a row that must fail before a terminal counts as not answering: ttyd may be starting again.
const PROBE_FAILURES: i32 = 3;
/// Ends the shells while everything they may need is still there.
const PRE_STOP: &str = "tmux -S \"$AIWORKER_RUN/tmux.sock\" kill-server 2>/dev/null; exit 0";

/// The pod of an agent.
pub(super) fn spec(config: &KubernetesConfig, spec: &AgentSpec) -> PodSpec {
    let named = |name: &String| (!name.is_empty()).then(|| name.clone());
    PodSpec {
        service_account_name: named(&config.service_account),
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        image_pull_secrets: named(&config.image_pull_secret).map(|name| vec![LocalObjectReference { name }]),
        runtime_class_name: named(&config.runtime_class),
        termination_grace_period_seconds: Some(GRACE_SECONDS),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(AGENT),
            run_as_group: Some(AGENT),
            fs_group: Some(AGENT),
            fs_group_change_policy: Some("OnRootMismatch".to_owned()),
            seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), ..SeccompProfile::default() }),
            ..PodSecurityContext::default()
        }),
        containers: vec![container(config, spec)],
        volumes: Some(volumes(spec)),
        ..PodSpec::default()
    }
}

fn container(config: &KubernetesConfig, spec: &AgentSpec) -> Container {
    Container {
        name: names::CONTAINER.to_owned(),
        image: Some(config.image.clone()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        ports: Some(vec![ContainerPort {
            name: Some("terminal".to_owned()),
            container_port: TERMINAL_PORT.into(),
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]),
        env: Some(environment(config, spec)),
        resources: Some(resources(config, spec)),
        readiness_probe: Some(Probe {
            tcp_socket: Some(TCPSocketAction {
                port: IntOrString::String("terminal".to_owned()),
                ..TCPSocketAction::default()
            }),
            period_seconds: Some(PROBE_SECONDS),
            failure_threshold: Some(PROBE_FAILURES),
            ..Probe::default()
        }),
        lifecycle: Some(Lifecycle {
            pre_stop: Some(LifecycleHandler {
                exec: Some(ExecAction { command: Some(["/bin/bash", "-c", PRE_STOP].map(str::to_owned).into()) }),
                ..LifecycleHandler::default()
            }),
            ..Lifecycle::default()
        }),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), ..Capabilities::default() }),
            ..SecurityContext::default()
        }),
        // What it printed last says why it ended.
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        volume_mounts: Some(mounts()),
        ..Container::default()
    }
}

fn resources(config: &KubernetesConfig, spec: &AgentSpec) -> ResourceRequirements {
    let memory = spec.limits.memory_mib;
    let of = |cpu: &String, mib: u32| {
        BTreeMap::from([("cpu".to_owned(), Quantity(cpu.clone())), ("memory".to_owned(), Quantity(format!("{mib}Mi")))])
    };
    ResourceRequirements {
        requests: Some(of(&config.cpu_request, config.memory_request_mib.min(memory))),
        limits: Some(of(&config.cpu_limit, memory)),
        ..ResourceRequirements::default()
    }
}

fn environment(config: &KubernetesConfig, spec: &AgentSpec) -> Vec<EnvVar> {
    let mut plain: BTreeMap<&str, &str> = BTreeMap::new();
    plain.extend(config.env.iter().chain(&spec.env).map(|(name, value)| (name.as_str(), value.as_str())));
    let id = spec.id.to_string();
    let password = format!("{SECRETS}/{PASSWORD_FILE}");
    let terminal = format!("0.0.0.0:{TERMINAL_PORT}");
    plain.extend([
        ("AIWORKER_AGENT_ID", id.as_str()),
        ("AIWORKER_AGENT_NAME", &spec.name),
        ("AIWORKER_MODE", spec.mode.as_str()),
        ("AIWORKER_RUN", "/run/agent"),
        ("AIWORKER_TERMINAL", &terminal),
        ("AIWORKER_TERMINAL_PASSWORD_FILE", &password),
        ("AIWORKER_WORKSPACE", "/workspace"),
        ("GIT_USER_EMAIL", &spec.git_identity.email),
        ("GIT_USER_NAME", &spec.git_identity.name),
        ("START_COMMAND", &spec.start_command),
    ]);
    if let Some(repository) = &spec.repository {
        plain.extend([("REPOSITORY_BRANCH", repository.branch.as_str()), ("REPOSITORY_URL", &repository.url)]);
    }
    if !config.gitea_url.is_empty() {
        plain.insert("GITEA_URL", &config.gitea_url);
    }
    plain.remove("POD_NAME");
    let literal = |(name, value): (&str, &str)| EnvVar {
        name: name.to_owned(),
        // `$(NAME)` would be expanded; `$$` stands for one `$`.
        value: Some(value.replace('$', "$$")),
        ..EnvVar::default()
    };
    let mut all: Vec<_> = plain.into_iter().map(literal).collect();
    let from = |name: &str, source| EnvVar { name: name.to_owned(), value_from: Some(source), ..EnvVar::default() };
    let field = ObjectFieldSelector { field_path: "metadata.name".to_owned(), ..ObjectFieldSelector::default() };
    all.push(from("POD_NAME", EnvVarSource { field_ref: Some(field), ..EnvVarSource::default() }));
    if !config.agent_secrets.is_empty() {
        let key = SecretKeySelector {
            name: config.agent_secrets.clone(),
            key: "gitea-token".to_owned(),
            optional: Some(true),
        };
        all.push(from("GITEA_TOKEN", EnvVarSource { secret_key_ref: Some(key), ..EnvVarSource::default() }));
    }
    all
}

fn volumes(spec: &AgentSpec) -> Vec<Volume> {
    let empty = |name: &str| Volume {
        name: name.to_owned(),
        empty_dir: Some(EmptyDirVolumeSource::default()),
        ..Volume::default()
    };
    vec![
        empty("run"),
        empty("tmp"),
        Volume {
            name: "secrets".to_owned(),
            secret: Some(SecretVolumeSource {
                secret_name: Some(names::agent(spec.id)),
                // The group's, which is the agent's; nobody else's.
                default_mode: Some(0o440),
                ..SecretVolumeSource::default()
            }),
            ..Volume::default()
        },
    ]
}

fn mounts() -> Vec<VolumeMount> {
    let mount = |name: &str, path: &str, part: Option<&str>| VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        sub_path: part.map(str::to_owned),
        ..VolumeMount::default()
    };
    vec![
        mount(names::VOLUME, "/workspace", Some("workspace")),
        // Transcripts and settings survive a stop.
        mount(names::VOLUME, "/home/agent", Some("home")),
        mount("run", "/run/agent", None),
        VolumeMount { read_only: Some(true), ..mount("secrets", SECRETS, None) },
        mount("tmp", "/tmp", None),
    ]
}
