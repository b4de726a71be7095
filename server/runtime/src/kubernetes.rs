//! Agents as pods of a Kubernetes cluster: one `StatefulSet` with one replica or none, one volume claim and one Secret for
//! each, behind one headless Service.
//!
//! The cluster keeps the agents alive; this module writes what is wanted, watches, and says in words what it saw. It holds
//! nothing that another server could not read from the cluster.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{AgentId, Observation, RuntimeKind, RuntimeStatus, SandboxKind};
use futures::{StreamExt, stream::BoxStream};
use tokio::task::JoinSet;
use tokio_stream::wrappers::BroadcastStream;

use crate::{AgentRuntime, AgentSpec, Duplex, Owned, RuntimeError};

mod apply;
mod build;
mod claims;
mod classify;
mod client;
mod config;
mod dial;
mod facts;
mod failure;
mod happened;
mod inventory;
mod look;
mod names;
mod preflight;
mod runs;
mod told;
mod watch;

pub use config::{DialMode, KubernetesConfig, VolumePolicy};
pub use preflight::preflight;

use client::Cluster;

/// Runs agents as pods.
pub struct KubernetesRuntime {
    cluster: Arc<Cluster>,
    // Ends the watches when the runtime goes.
    _watches: JoinSet<()>,
}

impl KubernetesRuntime {
    /// Finds the cluster and begins to watch. That it does not answer is no error here: each call says so.
    pub async fn new(config: KubernetesConfig) -> Result<Self, RuntimeError> {
        let cluster = Arc::new(Cluster::connect(config).await?);
        let watches = watch::begin(&cluster);
        Ok(Self { cluster, _watches: watches })
    }

    /// What keeps agents apart here, and which limits hold.
    pub fn status(&self) -> RuntimeStatus {
        RuntimeStatus {
            kind: RuntimeKind::Kubernetes,
            sandbox: SandboxKind::Container,
            limits_memory: true,
            // The number of processes is the kubelet's setting, for all pods of a node alike.
            limits_processes: false,
        }
    }
}

#[async_trait]
impl AgentRuntime for KubernetesRuntime {
    async fn ensure(&self, spec: &AgentSpec) -> Result<Observation, RuntimeError> {
        self.cluster.ensure(spec).await?;
        self.cluster.look(spec.id).await
    }

    async fn stop(&self, id: AgentId) -> Result<(), RuntimeError> {
        self.cluster.stop(id).await
    }

    async fn remove(&self, id: AgentId) -> Result<(), RuntimeError> {
        self.cluster.remove(id).await
    }

    async fn observe(&self, id: AgentId) -> Result<Observation, RuntimeError> {
        self.cluster.look(id).await
    }

    async fn inventory(&self) -> Result<Vec<Owned>, RuntimeError> {
        self.cluster.inventory().await
    }

    async fn logs(&self, id: AgentId, tail: usize) -> Result<String, RuntimeError> {
        self.cluster.logs(id, tail).await
    }

    async fn dial(&self, id: AgentId, port: u16) -> Result<Box<dyn Duplex>, RuntimeError> {
        self.cluster.dial(id, port).await
    }

    fn events(&self) -> BoxStream<'static, Observation> {
        let events = BroadcastStream::new(self.cluster.events.subscribe());
        // A listener that falls behind loses events, as the trait says.
        Box::pin(events.filter_map(|event| async move { event.ok() }))
    }
}

impl std::fmt::Debug for KubernetesRuntime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KubernetesRuntime").field("config", &self.cluster.config).finish_non_exhaustive()
    }
}
