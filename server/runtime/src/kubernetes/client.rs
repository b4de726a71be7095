//! The way to the API server: one client for calls, which never waits long, and one for watches and streams, which waits
//! for ever and is watched over by those who use it.

use std::{future::Future, time::Duration};

use k8s_openapi::NamespaceResourceScope;
use kube::{
    Api, Client, Config, Resource,
    config::{KubeConfigOptions, Kubeconfig},
};
use tokio::{sync::broadcast, time::timeout};

use super::{claims::Going, config::KubernetesConfig, failure, happened::Happened, runs::Runs, told::Told};
use crate::RuntimeError;

/// How long connecting to the API server may take.
const CONNECT_DEADLINE: Duration = Duration::from_secs(3);
/// How long the API server may take to answer one call. A call of the runtime makes a few of them.
pub(super) const ANSWER_DEADLINE: Duration = Duration::from_secs(5);
/// Observations that a slow listener may be behind before it loses some.
const EVENTS_CAPACITY: usize = 1024;

/// A cluster, as agents are run in it.
pub(super) struct Cluster {
    pub config: KubernetesConfig,
    /// For calls: no retries, an answer within [`ANSWER_DEADLINE`].
    calls: Client,
    /// For watches and streams: no deadline of its own.
    streams: Client,
    /// Whether we are in the cluster ourselves, so that pods' addresses can be reached.
    pub inside: bool,
    /// What happened lately in the namespace, as the watch knows it.
    pub happened: Told<Happened>,
    /// Whose claims go with their pods, as the watch knows it.
    pub going_claims: Told<Going>,
    /// For how long containers are known to run.
    pub runs: Runs,
    /// What was observed, for all listeners.
    pub events: broadcast::Sender<domain::Observation>,
}

impl Cluster {
    /// Finds the cluster. Nothing is asked of it yet.
    pub async fn connect(config: KubernetesConfig) -> Result<Self, RuntimeError> {
        // Both backends of the TLS library may be linked in; this one is meant. A second server in one process finds it set.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let found = find(&config)
            .await
            .map_err(|what| RuntimeError::Refused { reason: domain::Reason::Configuration, message: what })?;
        let unreachable = RuntimeError::io("preparing the way to the cluster");
        let clients = || -> Result<_, kube::Error> {
            let mut calls = found.clone();
            calls.connect_timeout = Some(CONNECT_DEADLINE);
            // Fifteen tries with ever longer pauses: the reconciler has its own and knows when they are too many.
            calls.default_retry = false;
            let mut streams = found.clone();
            streams.connect_timeout = Some(CONNECT_DEADLINE);
            Ok((Client::try_from(calls)?, Client::try_from(streams)?))
        };
        let (calls, streams) = clients().map_err(|error| unreachable(std::io::Error::other(error)))?;
        Ok(Self {
            inside: inside(),
            calls,
            streams,
            happened: Told::default(),
            going_claims: Told::default(),
            runs: Runs::default(),
            events: broadcast::channel(EVENTS_CAPACITY).0,
            config,
        })
    }

    /// Objects of one kind in the agents' namespace, for calls.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.calls.clone(), &self.config.namespace)
    }

    /// Objects of one kind in the agents' namespace, for watches and streams.
    pub fn streaming<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.streams.clone(), &self.config.namespace)
    }

    /// The client for calls, for what has no namespace.
    pub fn client(&self) -> &Client {
        &self.calls
    }
}

/// The API server's answer to one call, in time.
pub(super) async fn answer<T>(
    what: &'static str,
    call: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, RuntimeError> {
    match timeout(ANSWER_DEADLINE, call).await {
        Ok(answer) => answer.map_err(|error| failure::from_answer(what, error)),
        Err(_) => Err(RuntimeError::Timeout(what)),
    }
}

/// The same where something that is not there is an answer too.
pub(super) async fn answer_if_there<T>(
    what: &'static str,
    call: impl Future<Output = Result<T, kube::Error>>,
) -> Result<Option<T>, RuntimeError> {
    match answer(what, call).await {
        Ok(found) => Ok(Some(found)),
        Err(RuntimeError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where the cluster is, or a sentence about why that is not known.
async fn find(config: &KubernetesConfig) -> Result<Config, String> {
    let options = KubeConfigOptions { context: config.context.clone(), ..KubeConfigOptions::default() };
    let text = |what: &str, error: &dyn std::fmt::Display| {
        format!("{what} Set --kubeconfig, or run the server inside the cluster. ({error})")
    };
    if let Some(path) = &config.kubeconfig {
        let what = format!("The kubeconfig {} cannot be used.", path.display());
        let file = Kubeconfig::read_from(path).map_err(|error| text(&what, &error))?;
        return Config::from_custom_kubeconfig(file, &options).await.map_err(|error| text(&what, &error));
    }
    if config.context.is_some() {
        let what = "The chosen context cannot be used.";
        return Config::from_kubeconfig(&options).await.map_err(|error| text(what, &error));
    }
    Config::infer().await.map_err(|error| text("No cluster was found.", &error))
}

/// Whether this process runs in a pod.
fn inside() -> bool {
    std::env::var_os("KUBERNETES_SERVICE_HOST").is_some()
}
