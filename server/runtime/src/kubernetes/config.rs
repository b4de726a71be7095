//! What the Kubernetes runtime needs to know. Everything here is the operator's to choose.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// How long a terminal may take to answer once its container runs, unless the operator says otherwise.
const DEFAULT_START_TIMEOUT: Duration = Duration::from_secs(30);

/// How a terminal is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DialMode {
    /// The pod's address inside a cluster, through the API server outside of it.
    #[default]
    Auto,
    /// Through the API server.
    PortForward,
    /// Straight to the pod's address, and through the API server where that fails.
    PodAddress,
}

/// What becomes of an agent's volume when the agent is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VolumePolicy {
    /// It is deleted with the agent.
    #[default]
    Delete,
    /// It is kept for the operator.
    Keep,
}

/// What the Kubernetes runtime needs to know.
#[derive(Debug, Clone)]
pub struct KubernetesConfig {
    /// The file that says where the cluster is. Unless given: `KUBECONFIG`, `~/.kube/config`, then the pod's own account.
    pub kubeconfig: Option<PathBuf>,
    /// The context in that file; the current one unless given.
    pub context: Option<String>,
    /// Where agents live.
    pub namespace: String,
    /// Tells two installations in one namespace apart. A label's value.
    pub installation: String,
    /// The agents' image.
    pub image: String,
    /// The Secret to fetch the image with; none if empty.
    pub image_pull_secret: String,
    /// The account that agents run under. No token of it reaches them.
    pub service_account: String,
    /// The kind of storage of their volumes; the cluster's default if empty.
    pub storage_class: String,
    /// The size of their volumes, as Kubernetes writes it.
    pub storage_size: String,
    /// Processor time that is kept free for an agent.
    pub cpu_request: String,
    /// Processor time that an agent may use.
    pub cpu_limit: String,
    /// Memory that is kept free for an agent, in MiB. Its limit is its owner's choice.
    pub memory_request_mib: u32,
    /// What becomes of the volume when the agent is deleted.
    pub volumes: VolumePolicy,
    /// How terminals are reached.
    pub dial: DialMode,
    /// The address of the installation's Gitea, for agents; none if empty.
    pub gitea_url: String,
    /// The Secret with `gitea-token`; agents run without when it is not there.
    pub agent_secrets: String,
    /// The class of the container runtime (gVisor, Kata); the cluster's default if empty.
    pub runtime_class: String,
    /// How long a terminal may take to answer once its container runs.
    pub start_timeout: Duration,
    /// Further environment of all agents.
    pub env: BTreeMap<String, String>,
}

impl Default for KubernetesConfig {
    fn default() -> Self {
        Self {
            kubeconfig: None,
            context: None,
            namespace: "agents".to_owned(),
            installation: "aiworker".to_owned(),
            image: concat!("aiworker/agent:", env!("CARGO_PKG_VERSION")).to_owned(),
            image_pull_secret: "gitea-registry".to_owned(),
            service_account: "agent-sa".to_owned(),
            storage_class: "longhorn".to_owned(),
            storage_size: "10Gi".to_owned(),
            cpu_request: "500m".to_owned(),
            cpu_limit: "2000m".to_owned(),
            memory_request_mib: 1024,
            volumes: VolumePolicy::default(),
            dial: DialMode::default(),
            gitea_url: String::new(),
            agent_secrets: "agent-secrets".to_owned(),
            runtime_class: String::new(),
            start_timeout: DEFAULT_START_TIMEOUT,
            env: BTreeMap::new(),
        }
    }
}
