//! A namespace for each test, with what an installation has in it, and a runtime that may do what the Role says.

use std::{
    collections::BTreeMap,
    env,
    fmt::Debug,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use domain::{AgentId, AgentLimits, Observation, Observed, ProjectId, UserId};
use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        apps::v1::StatefulSet,
        authentication::v1::{TokenRequest, TokenRequestSpec},
        authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec},
        core::v1::{Event, Namespace, PersistentVolumeClaim, Pod, Secret, ServiceAccount},
        rbac::v1::{Role, RoleBinding},
    },
};
use kube::{
    Api, Client, Config, Resource, ResourceExt,
    api::{DeleteParams, ListParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use runtime::{
    AgentRuntime, AgentSpec, GitIdentity, RuntimeError,
    kubernetes::{KubernetesConfig, KubernetesRuntime},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use tokio::time::{Instant, interval};
use uuid::Uuid;

use crate::{viewer::Viewer, wire::Wire};

/// How long anything may take on a busy machine that starts a cluster's pods.
pub const DEADLINE: Duration = Duration::from_mins(2);

pub struct World {
    pub admin: Client,
    pub runtime: KubernetesRuntime,
    pub config: KubernetesConfig,
    pub namespace: String,
    // Holds the runtime's kubeconfig.
    folder: tempfile::TempDir,
}

fn given(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run these tests with `make test-cluster`"))
}

/// Unlike any other test's, in this process or beside it.
fn number() -> u128 {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    now << 64 | u128::from(std::process::id()) << 32 | u128::from(NUMBER.fetch_add(1, Ordering::Relaxed))
}

pub fn spec() -> AgentSpec {
    AgentSpec {
        id: AgentId::from_uuid(Uuid::from_u128(number())),
        user_id: UserId::from_uuid(Uuid::nil()),
        project_id: ProjectId::from_uuid(Uuid::nil()),
        name: "calm-otter".into(),
        generation: 1,
        git_identity: GitIdentity { name: "Ada".into(), email: "ada@example.org".into() },
        repository: None,
        start_command: String::new(),
        limits: AgentLimits { memory_mib: 512, processes: 256 },
        terminal_password: "correct-horse".into(),
        mode: domain::AgentMode::Manual,
        token: Some("a-token".into()),
        credentials: Vec::new(),
        // Nobody answers there, and no program asks.
        env: BTreeMap::from([("MCP_ENDPOINT".into(), "http://127.0.0.1:1/mcp".into())]),
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut KubernetesConfig)) -> Self {
        Self::allowed(&rules(), change).await
    }

    /// With a Role of these rules.
    pub async fn allowed(rules: &[serde_json::Value], change: impl FnOnce(&mut KubernetesConfig)) -> Self {
        Self::at(Config::infer().await.unwrap(), rules, change).await
    }

    /// Where nothing is but an API server: objects stay as they are made. A cluster that was given has no such place, our own
    /// always has.
    pub async fn bare() -> Option<Self> {
        let Ok(path) = env::var("AIWORKER_TEST_BARE_KUBECONFIG") else {
            assert!(env::var_os("AIWORKER_TEST_OWN_CLUSTER").is_none(), "our own cluster has a bare API server");
            return None;
        };
        let file = Kubeconfig::read_from(path).unwrap();
        let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.unwrap();
        Some(Self::at(config, &rules(), |_| {}).await)
    }

    async fn at(found: Config, rules: &[serde_json::Value], change: impl FnOnce(&mut KubernetesConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let admin = Client::try_from(found.clone()).unwrap();
        let namespace = format!("test-{}", Uuid::from_u128(number()).simple());
        let meta = |name: &str| json!({ "name": name });
        create::<Namespace>(&Api::all(admin.clone()), json!({ "metadata": meta(&namespace) })).await;
        let accounts: Api<ServiceAccount> = Api::namespaced(admin.clone(), &namespace);
        create(&accounts, json!({ "metadata": meta("agent-sa") })).await;
        create(&accounts, json!({ "metadata": meta("aiworker") })).await;
        create::<Role>(
            &Api::namespaced(admin.clone(), &namespace),
            json!({ "metadata": meta("aiworker"), "rules": rules }),
        )
        .await;
        create::<RoleBinding>(
            &Api::namespaced(admin.clone(), &namespace),
            json!({ "metadata": meta("aiworker"),
                "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "aiworker" },
                "subjects": [{ "kind": "ServiceAccount", "name": "aiworker", "namespace": namespace }] }),
        )
        .await;
        binding_is_known(&admin, &namespace).await;
        let request = TokenRequest {
            spec: TokenRequestSpec { expiration_seconds: Some(3600), ..TokenRequestSpec::default() },
            ..TokenRequest::default()
        };
        let token = accounts.create_token_request("aiworker", &PostParams::default(), &request).await.unwrap();
        let path = kubeconfig(&folder, &found, &token.status.unwrap().token);
        let mut config = KubernetesConfig {
            kubeconfig: Some(path),
            namespace: namespace.clone(),
            image: given("AIWORKER_TEST_IMAGE"),
            storage_class: given("AIWORKER_TEST_STORAGE_CLASS"),
            image_pull_secret: String::new(),
            cpu_request: "10m".into(),
            memory_request_mib: 64,
            ..KubernetesConfig::default()
        };
        change(&mut config);
        let runtime = KubernetesRuntime::new(config.clone()).await.unwrap();
        Self { admin, runtime, config, namespace, folder }
    }

    /// Another runtime, with the same permissions, behind a wire that breaks on demand.
    pub async fn wired(&self) -> (Wire, KubernetesRuntime) {
        let wire = Wire::new(self.client().await).await;
        let path = self.folder.path().join(format!("wire-{}", wire.address.port()));
        std::fs::write(&path, wire.kubeconfig()).unwrap();
        let config = KubernetesConfig { kubeconfig: Some(path), ..self.config.clone() };
        (wire, KubernetesRuntime::new(config).await.unwrap())
    }

    /// A client with the runtime's permissions, which does not try again by itself.
    async fn client(&self) -> Client {
        let file = Kubeconfig::read_from(self.config.kubeconfig.as_ref().unwrap()).unwrap();
        let mut config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.unwrap();
        config.default_retry = false;
        Client::try_from(config).unwrap()
    }

    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.admin.clone(), &self.namespace)
    }

    /// Brings an agent up and waits until its terminal answers.
    pub async fn up(&self, spec: &AgentSpec) -> Observation {
        self.runtime.ensure(spec).await.unwrap();
        self.until(spec.id, |seen| seen.state == Observed::Running).await
    }

    /// Looks at the agent until what is seen fits.
    pub async fn until(&self, id: AgentId, fits: impl Fn(&Observation) -> bool) -> Observation {
        let end = Instant::now() + DEADLINE;
        let mut tick = interval(Duration::from_millis(100));
        loop {
            let seen = self.runtime.observe(id).await.unwrap();
            if fits(&seen) {
                return seen;
            }
            assert!(Instant::now() < end, "last seen: {seen:#?}\n{}", self.story().await);
            tick.tick().await;
        }
    }

    /// Removes the agent. A busy node may take longer to end a pod than one call waits.
    pub async fn remove(&self, id: AgentId) {
        let gone = eventually(async || match self.runtime.remove(id).await {
            Err(RuntimeError::Timeout(_)) => None,
            outcome => Some(outcome),
        });
        gone.await.unwrap().unwrap();
    }

    pub async fn view(&self, spec: &AgentSpec) -> Viewer {
        Viewer::open(&self.runtime, spec, 80, 24).await
    }

    /// Everything with our label, and what was made for it.
    pub async fn left(&self) -> Vec<String> {
        let mut left = self.names::<StatefulSet>().await;
        left.extend(self.names::<Pod>().await);
        left.extend(self.names::<PersistentVolumeClaim>().await);
        left.extend(self.names::<Secret>().await);
        left
    }

    async fn names<K>(&self) -> Vec<String>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
    {
        let params = ListParams::default().labels("aiworker.dev/agent-id");
        let all = self.api::<K>().list_metadata(&params).await.unwrap();
        all.items.iter().map(|object| format!("{} {}", K::kind(&()), object.name_any())).collect()
    }

    /// What happened here, for a test that failed.
    async fn story(&self) -> String {
        let events = self.api::<Event>().list(&ListParams::default()).await.unwrap();
        let line = |event: &Event| {
            let what = event.involved_object.name.clone().unwrap_or_default();
            format!("{what}: {:?} {:?}\n", event.reason, event.message)
        };
        events.items.iter().map(line).collect()
    }

    /// Removes the namespace. What a failed test leaves goes with the cluster.
    pub async fn end(self) {
        let api: Api<Namespace> = Api::all(self.admin.clone());
        api.delete(&self.namespace, &DeleteParams::default()).await.unwrap();
    }
}

/// Asks until there is an answer.
pub async fn eventually<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + DEADLINE;
    let mut tick = interval(Duration::from_millis(100));
    while Instant::now() < end {
        if let Some(answer) = ask().await {
            return Some(answer);
        }
        tick.tick().await;
    }
    None
}

/// Waits until the API server's authorizer, which learns of Roles and their bindings by watching, knows the new ones: every
/// Role of these tests lets the runtime look at pods or at stateful sets.
async fn binding_is_known(admin: &Client, namespace: &str) {
    let reviews: Api<SubjectAccessReview> = Api::all(admin.clone());
    let may_list = async |group: &str, resource: &str| {
        let attributes = ResourceAttributes {
            group: Some(group.into()),
            namespace: Some(namespace.into()),
            resource: Some(resource.into()),
            verb: Some("list".into()),
            ..ResourceAttributes::default()
        };
        let spec = SubjectAccessReviewSpec {
            resource_attributes: Some(attributes),
            user: Some(format!("system:serviceaccount:{namespace}:aiworker")),
            ..SubjectAccessReviewSpec::default()
        };
        let review = SubjectAccessReview { spec, ..SubjectAccessReview::default() };
        let answer = reviews.create(&PostParams::default(), &review).await.unwrap();
        answer.status.is_some_and(|status| status.allowed)
    };
    let known =
        eventually(async || (may_list("", "pods").await || may_list("apps", "statefulsets").await).then_some(()));
    assert!(known.await.is_some(), "the API server does not know the test's Role");
}

pub async fn create<K>(api: &Api<K>, object: serde_json::Value) -> K
where
    K: Clone + Debug + DeserializeOwned + Serialize,
{
    let object = serde_json::from_value(object).unwrap();
    api.create(&PostParams::default(), &object).await.unwrap()
}

/// The rules of the Role. Its file keeps to one form, which another test holds it to.
pub fn rules() -> Vec<serde_json::Value> {
    let list = |line: &str| -> Vec<String> {
        let inside = line.split_once('[').unwrap().1.trim_end().trim_end_matches(']');
        inside.split(',').map(|word| word.trim().trim_matches('"').to_owned()).collect()
    };
    // As it is installed, in the form that a test can read without a library. The tests of two crates use this file.
    let root = std::env::var("AIWORKER_ROOT").unwrap();
    let role = std::fs::read_to_string(format!("{root}/k8s/base/role.yaml")).unwrap();
    let lines: Vec<_> = role.split_once("rules:\n").unwrap().1.lines().filter(|line| !line.contains('#')).collect();
    lines
        .chunks(3)
        .map(|rule| json!({ "apiGroups": list(rule[0]), "resources": list(rule[1]), "verbs": list(rule[2]) }))
        .collect()
}

fn kubeconfig(folder: &tempfile::TempDir, found: &Config, token: &str) -> PathBuf {
    let certificates: String = found.root_cert.iter().flatten().map(|der| pem(der)).collect();
    let text = json!({ "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "test" } }],
        "clusters": [{ "name": "test", "cluster": { "server": found.cluster_url.to_string(),
            "certificate-authority-data": crate::viewer::base64(certificates.as_bytes()) } }],
        "users": [{ "name": "test", "user": { "token": token } }] });
    let path = folder.path().join("kubeconfig");
    std::fs::write(&path, text.to_string()).unwrap();
    path
}

fn pem(der: &[u8]) -> String {
    let text = crate::viewer::base64(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
