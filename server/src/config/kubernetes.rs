//! Options: the cluster that agents run in, and what their pods are made of.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use runtime::kubernetes::{DialMode, KubernetesConfig, VolumePolicy};

/// The cluster that agents run in, and what their pods are made of. They matter with `--runtime kubernetes` only.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Kubernetes")]
pub struct KubernetesOptions {
    /// The file that says where the cluster is. [default: KUBECONFIG, ~/.kube/config, then the pod's own account]
    #[arg(long, env = "AIWORKER_KUBECONFIG", global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// The context in that file. [default: the current one]
    #[arg(long, env = "AIWORKER_KUBE_CONTEXT", global = true, value_name = "NAME")]
    pub kube_context: Option<String>,

    /// The namespace of agents.
    #[arg(long, env = "AIWORKER_AGENT_NAMESPACE", global = true, value_name = "NAME", default_value = "agents",
        value_parser = label)]
    pub agent_namespace: String,

    /// Tells installations that share a namespace apart. It must not change while there are agents.
    #[arg(long, env = "AIWORKER_INSTALLATION", global = true, value_name = "NAME", default_value = "aiworker",
        value_parser = label)]
    pub installation: String,

    /// The agents' container image.
    #[arg(long, env = "AIWORKER_AGENT_IMAGE", global = true, value_name = "IMAGE",
        default_value = concat!("aiworker/agent:", env!("CARGO_PKG_VERSION")))]
    pub agent_image: String,

    /// The Secret to fetch the image with. Empty: none.
    #[arg(
        long,
        env = "AIWORKER_IMAGE_PULL_SECRET",
        global = true,
        value_name = "NAME",
        default_value = "gitea-registry"
    )]
    pub image_pull_secret: String,

    /// The service account of agents. No token of it reaches them. Empty: the namespace's default.
    #[arg(
        long,
        env = "AIWORKER_AGENT_SERVICE_ACCOUNT",
        global = true,
        value_name = "NAME",
        default_value = "agent-sa"
    )]
    pub agent_service_account: String,

    /// The storage class of agents' volumes. Empty: the cluster's default.
    #[arg(long, env = "AIWORKER_STORAGE_CLASS", global = true, value_name = "NAME", default_value = "longhorn")]
    pub storage_class: String,

    /// The size of an agent's volume.
    #[arg(long, env = "AIWORKER_STORAGE_SIZE", global = true, value_name = "QUANTITY", default_value = "10Gi")]
    pub storage_size: String,

    /// What becomes of an agent's volume when the agent is deleted.
    #[arg(long, env = "AIWORKER_VOLUMES", global = true, value_name = "POLICY", default_value = "delete")]
    pub volumes: VolumesName,

    /// Processor time that is kept free for an agent.
    #[arg(long, env = "AIWORKER_CPU_REQUEST", global = true, value_name = "QUANTITY", default_value = "500m")]
    pub cpu_request: String,

    /// Processor time that an agent may use.
    #[arg(long, env = "AIWORKER_CPU_LIMIT", global = true, value_name = "QUANTITY", default_value = "2000m")]
    pub cpu_limit: String,

    /// Memory that is kept free for an agent, in MiB. What it may use is --memory-limit-mib.
    #[arg(long, env = "AIWORKER_MEMORY_REQUEST_MIB", global = true, value_name = "MIB", default_value_t = 1024,
        value_parser = clap::value_parser!(u32).range(16..=1_048_576))]
    pub memory_request_mib: u32,

    /// How terminals are reached. `auto`: the pod's address inside the cluster, through the API server outside of it.
    #[arg(long, env = "AIWORKER_DIAL", global = true, value_name = "WAY", default_value = "auto")]
    pub dial: DialName,

    /// The address of Gitea, for agents. [default: none]
    #[arg(long, env = "AIWORKER_GITEA_URL", global = true, value_name = "URL")]
    pub gitea_url: Option<String>,

    /// The Secret whose `gitea-token` agents get, if it is there. Empty: none.
    #[arg(long, env = "AIWORKER_AGENT_SECRETS", global = true, value_name = "NAME", default_value = "agent-secrets")]
    pub agent_secrets: String,

    /// A further environment variable of all agents; may be repeated. In the variable they are separated by spaces.
    #[arg(long, env = "AIWORKER_AGENT_ENV", global = true, value_name = "NAME=VALUE", value_delimiter = ' ',
        value_parser = variable)]
    pub agent_env: Vec<(String, String)>,

    /// The runtime class of agents' pods, such as gvisor. [default: the cluster's]
    #[arg(long, env = "AIWORKER_RUNTIME_CLASS", global = true, value_name = "NAME")]
    pub runtime_class: Option<String>,
}

/// What becomes of volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum VolumesName {
    /// They are deleted with their agents.
    Delete,
    /// They are kept for the operator.
    Keep,
}

/// How terminals are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DialName {
    /// The pod's address inside the cluster, through the API server outside of it.
    Auto,
    /// Through the API server.
    PortForward,
    /// Straight to the pod's address, and through the API server where that fails.
    PodAddress,
}

impl KubernetesOptions {
    /// What the Kubernetes runtime needs to know.
    pub fn kubernetes(&self, start_timeout: Duration) -> KubernetesConfig {
        // A variable that is set to nothing counts as unset.
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        KubernetesConfig {
            kubeconfig: self.kubeconfig.clone().filter(|path| !path.as_os_str().is_empty()),
            context: given(&self.kube_context),
            namespace: self.agent_namespace.clone(),
            installation: self.installation.clone(),
            image: self.agent_image.clone(),
            image_pull_secret: self.image_pull_secret.clone(),
            service_account: self.agent_service_account.clone(),
            storage_class: self.storage_class.clone(),
            storage_size: self.storage_size.clone(),
            cpu_request: self.cpu_request.clone(),
            cpu_limit: self.cpu_limit.clone(),
            memory_request_mib: self.memory_request_mib,
            volumes: match self.volumes {
                VolumesName::Delete => VolumePolicy::Delete,
                VolumesName::Keep => VolumePolicy::Keep,
            },
            dial: match self.dial {
                DialName::Auto => DialMode::Auto,
                DialName::PortForward => DialMode::PortForward,
                DialName::PodAddress => DialMode::PodAddress,
            },
            gitea_url: given(&self.gitea_url).unwrap_or_default(),
            agent_secrets: self.agent_secrets.clone(),
            runtime_class: given(&self.runtime_class).unwrap_or_default(),
            start_timeout,
            env: self.agent_env.iter().cloned().collect(),
        }
    }
}

/// The longest that a label's value may be.
const LABEL: usize = 63;

/// What may be a namespace's name and a label's value.
fn label(text: &str) -> Result<String, String> {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let edges = !text.starts_with('-') && !text.ends_with('-');
    if (1..=LABEL).contains(&text.len()) && text.chars().all(letters) && edges {
        Ok(text.to_owned())
    } else {
        Err(format!("use at most {LABEL} small letters, digits and dashes, and none of the dashes at an end"))
    }
}

/// An environment variable that agents may be given. Those that AiWorker gives them itself cannot be changed.
fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        return Err("a name has letters, digits and underscores, and no digit first".to_owned());
    }
    if name.starts_with("AIWORKER_") {
        return Err("names that begin with AIWORKER_ are AiWorker's own".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Only {
        #[command(flatten)]
        options: KubernetesOptions,
    }

    #[test]
    fn agents_get_the_variables_of_the_operator_and_none_of_ours_anew() {
        let parsed = |given: &[&str]| {
            let arguments = ["aiworker"].into_iter().chain(given.iter().flat_map(|one| ["--agent-env", one]));
            Only::try_parse_from(arguments).map(|only| only.options.kubernetes(Duration::ZERO).env)
        };
        let env = parsed(&["HTTPS_PROXY=http://proxy:3128", "EMPTY="]).unwrap();
        let env: Vec<_> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(env, [("EMPTY", ""), ("HTTPS_PROXY", "http://proxy:3128")]);
        for wrong in ["HTTPS_PROXY", "=x", "7UP=x", "A-B=x", "AIWORKER_MODE=autopilot"] {
            let error = parsed(&[wrong]).unwrap_err().to_string();
            assert!(error.contains("--agent-env"), "{wrong}: {error}");
        }
    }
}
