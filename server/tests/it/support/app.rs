//! A running server with its own database and agents in memory.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::{AgentId, LaunchAgent, NewProject, NewTask, ProjectId, QuestionId, SessionId, TaskId, TokenId, UserId};
use leptos::config::LeptosOptions;
use runtime::fake::FakeRuntime;
use secrecy::SecretString;
use server::{AppParts, AppState, build_router, lifecycle::Lifecycle, listener, metrics::Metrics, state::HttpSettings};
use services::{
    ClientInfo, Clock as _, Credentials, Parts, Registration, Services, SessionCookie, Settings, SystemClock,
    SystemEntropy,
};
use sha2::{Digest, Sha256};
use store::{NewSession, Store, StoreConfig};
use tempfile::TempDir;
use tokio::net::TcpListener;
use url::Url;
use uuid::Uuid;

use super::Client;

/// The password of every test user.
pub const PASSWORD: &str = "correct horse battery";
/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server. It ends with the test.
pub struct TestApp {
    pub address: SocketAddr,
    pub state: AppState,
    pub runtime: FakeRuntime,
    next: AtomicU64,
    folder: TempDir,
}

/// One of everything that a user owns.
#[derive(Debug, Clone, Copy)]
pub struct Objects {
    pub project: ProjectId,
    pub task: TaskId,
    pub agent: AgentId,
    pub token: TokenId,
    pub session: SessionId,
    pub question: QuestionId,
}

impl TestApp {
    /// A server on loopback HTTP where everybody may make an account.
    pub async fn new() -> Self {
        Self::with(None, |_| {}).await
    }

    /// A server whose terminals wait so long for viewers that were lost.
    pub async fn keeping(keep_for: Duration) -> Self {
        let limits = server::terminal::Limits { keep_for, ..server::terminal::Limits::default() };
        Self::with_terminals(None, None, |_| {}, limits).await
    }

    /// A server on another database than a file.
    pub async fn on(database: &str) -> Self {
        Self::with_terminals(Some(database), None, |_| {}, server::terminal::Limits::default()).await
    }

    /// A server that checks the rights to its terminals again so often.
    pub async fn rechecking(recheck_every: Duration) -> Self {
        let limits = server::terminal::Limits { recheck_every, ..server::terminal::Limits::default() };
        Self::with_terminals(None, None, |_| {}, limits).await
    }

    /// A server with a public address and other settings.
    pub async fn with(public_url: Option<&str>, change: impl FnOnce(&mut Settings)) -> Self {
        Self::with_terminals(None, public_url, change, server::terminal::Limits::default()).await
    }

    async fn with_terminals(
        database: Option<&str>,
        public_url: Option<&str>,
        change: impl FnOnce(&mut Settings),
        terminals: server::terminal::Limits,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = || format!("sqlite://{}", folder.path().join("test.db").display());
        let url = database.map_or_else(file, str::to_owned);
        let store = Store::connect(&StoreConfig::new(url.into())).await.unwrap();
        store.migrate().await.unwrap();
        let runtime = FakeRuntime::new();
        let public_url = public_url.map(|url| Url::parse(url).unwrap());
        let https = public_url.as_ref().is_some_and(|url| url.scheme() == "https");
        let mut settings = Settings::new(SecretString::from("5".repeat(64)));
        settings.registration = Registration::Open;
        settings.agents_per_user = 1000;
        // Nobody answers for these agents' terminals, unless a test does.
        settings.terminals_kept_for = Duration::ZERO;
        settings.credential_keys = vec![SecretString::from("6".repeat(64))];
        if https {
            settings.cookie = SessionCookie::over_https();
        }
        change(&mut settings);
        let services = Services::new(Parts {
            store: store.clone(),
            runtime: Arc::new(runtime.clone()),
            runtime_status: runtime.status(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            history: Arc::new(server::terminal::HistoryReader),
            settings,
        });
        let state = AppState::from(AppParts {
            services,
            store,
            leptos_options: LeptosOptions::builder().output_name("aiworker").build(),
            http: Arc::new(HttpSettings {
                hosts: ["127.0.0.1", "localhost"].map(str::to_owned).into(),
                public_url,
                trusted_proxies: vec!["127.0.0.1".parse().unwrap()],
                site_root: folder.path().join("site"),
                body_limit: 1024 * 1024,
                request_timeout: PATIENCE,
                request_id_prefix: 7,
                terminals,
            }),
            metrics: Metrics::new(SystemClock.now()),
            lifecycle: Lifecycle::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(listener::serve(listener, build_router(state.clone()), state.lifecycle.clone()));
        Self { address, state, runtime, next: AtomicU64::new(1), folder }
    }

    /// The server's temporary folder.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Runs the reconciler until the test ends.
    pub fn run_reconciler(&self) {
        let reconciler = self.state.services.reconciler();
        let soft = self.state.lifecycle.soft().clone();
        tokio::spawn(async move { reconciler.run(soft).await });
    }

    /// Somebody who is not signed in.
    pub fn anonymous(&self) -> Client {
        Client::new(self.address)
    }

    /// A number that was not used yet.
    pub fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Makes an account. The first one is an administrator.
    pub async fn register(&self, username: &str) -> UserId {
        let credentials = Credentials { username: username.into(), password: SecretString::from(PASSWORD) };
        // An address of its own, so that no test meets the limit of another's attempts.
        let client = ClientInfo::new(format!("192.0.2.{}", self.number() % 250), "test");
        self.state.services.accounts().register(credentials, client).await.unwrap().user.id
    }

    /// A new browser in which the user is signed in.
    pub async fn browser_of(&self, user: UserId) -> Client {
        self.browser_for(user, Duration::from_secs(3600)).await
    }

    /// Signs the user in for so long.
    pub async fn browser_for(&self, user: UserId, lasts: Duration) -> Client {
        self.session_of(user, lasts).await.1
    }

    async fn session_of(&self, user: UserId, lasts: Duration) -> (SessionId, Client) {
        let number = self.number();
        let secret = format!("{number:064x}");
        let hash: String = Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let id = SessionId::from_uuid(Uuid::from_u128(number.into()));
        let now = SystemClock.now();
        let session = NewSession {
            id,
            user_id: user,
            secret_hash: hash,
            created_at: now,
            expires_at: now.checked_add(lasts).unwrap(),
            user_agent: "test".into(),
            address: "192.0.2.1".into(),
        };
        let known = self.state.store.user_with_hash(user).await.unwrap().unwrap();
        assert!(self.state.store.insert_session(session, &known.password_hash).await.unwrap());
        let cookie = format!("{}={secret}", self.state.services.cookie().name());
        (id, self.anonymous().with_header("cookie", &cookie))
    }

    /// Makes an account and signs it in.
    pub async fn user(&self, username: &str) -> Client {
        let id = self.register(username).await;
        self.browser_of(id).await
    }

    /// A program with a new personal token of the user.
    pub async fn program_of(&self, user: UserId) -> Client {
        let answer = self.browser_of(user).await.post("/api/tokens", &serde_json::json!({"name": "program"})).await;
        let secret = answer.data()["secret"].as_str().unwrap().to_owned();
        self.anonymous().with_header("authorization", &format!("Bearer {secret}"))
    }

    /// Makes one of everything for the user.
    pub async fn objects_of(&self, user: UserId) -> Objects {
        let number = self.number();
        let (session, browser) = self.session_of(user, Duration::from_secs(3600)).await;
        let project = NewProject { name: format!("project {number}"), ..NewProject::default() };
        let project: ProjectId = browser.made("/api/projects", &project).await;
        let task = NewTask { title: format!("task {number}"), ..NewTask::default() };
        let task: TaskId = browser.made(&format!("/api/projects/{project}/tasks"), &task).await;
        let launch = LaunchAgent {
            project_id: project,
            name: Some(format!("agent-{number}")),
            start_command: None,
            mode: domain::AgentMode::Manual,
            limits: domain::WantedLimits::default(),
        };
        let launched = browser.post("/api/agents/launch", &launch).await;
        let agent: AgentId = launched.data()["agentId"].as_str().unwrap().parse().unwrap();
        let token = browser.made("/api/tokens", &serde_json::json!({"name": format!("token {number}")})).await;
        let asked = serde_json::json!({"agentId": agent, "questions": [{"question": "Which?"}], "blocking": false});
        let asked = browser.post("/api/mcp/ask_user_question", &asked).await;
        let question = asked.data()["question_id"].as_str().unwrap().parse().unwrap();
        Objects { project, task, agent, token, session, question }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.state.lifecycle.soft().cancel();
        self.state.lifecycle.hard().cancel();
    }
}

/// Asks until the answer is yes. There is no event to wait for when the answer comes over HTTP.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut ask: impl FnMut() -> F) {
    let mut pause = tokio::time::interval(Duration::from_millis(20));
    let asking = async {
        loop {
            pause.tick().await;
            if ask().await {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("it never happened: {what}"));
}
