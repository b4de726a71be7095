//! A bed for tests: services on a real database in a temporary folder, a runtime in memory, and a clock turned by hand.

use std::{sync::Arc, time::Duration};

use domain::{
    Agent, AgentId, LaunchAgent, LiveEvent, NewProject, NewTask, Observation, Observed, Project, Reason, RuntimeKind,
    RuntimeStatus, SandboxKind, Task, Timestamp, WantedLimits,
};
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture};
use runtime::{AgentRuntime, Duplex, fake::FakeRuntime};
use secrecy::{ExposeSecret as _, SecretString};
use store::{Store, StoreConfig};
use tempfile::TempDir;

use crate::{
    Caller, ClientInfo, Credentials, Error, Events, Inner, ManualClock, Parts, ReadHistory, Registration,
    SeededEntropy, Services, Settings, SignedIn,
};

/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse";
/// How long a test waits for something that happens by itself.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Bed {
    pub(crate) services: Services,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) runtime: FakeRuntime,
    pub(crate) store: Store,
    folder: TempDir,
}

pub(crate) fn settings() -> Settings {
    // What is kept of terminals is read only where a test is about that.
    let terminals_kept_for = Duration::ZERO;
    let settings = Settings::new("signing key".into());
    Settings { registration: Registration::Open, agents_per_user: 3, terminals_kept_for, ..settings }
}

pub(crate) fn status(sandbox: SandboxKind) -> RuntimeStatus {
    RuntimeStatus { kind: RuntimeKind::Process, sandbox, limits_memory: true, limits_processes: true }
}

impl Bed {
    pub(crate) async fn new() -> Self {
        Self::with(settings(), SandboxKind::Bubblewrap).await
    }

    pub(crate) async fn with(settings: Settings, sandbox: SandboxKind) -> Self {
        let runtime = FakeRuntime::new();
        Self::on(Arc::new(runtime.clone()), runtime, settings, sandbox).await
    }

    /// With a runtime of its own around the one in memory.
    pub(crate) async fn on(
        outer: Arc<dyn AgentRuntime>,
        runtime: FakeRuntime,
        settings: Settings,
        sandbox: SandboxKind,
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let store = Store::connect(&StoreConfig::new(url.into())).await.unwrap();
        store.migrate().await.unwrap();
        let clock = Arc::new(ManualClock::new(Timestamp::from_second(1_800_000_000).unwrap()));
        let services = Services::new(Parts {
            store: store.clone(),
            runtime: outer,
            runtime_status: status(sandbox),
            clock: clock.clone(),
            entropy: Arc::new(SeededEntropy::new(7)),
            history: Arc::new(SaysItsName),
            settings,
        });
        Self { services, clock, runtime, store, folder }
    }

    /// The same database and runtime under another server.
    pub(crate) fn restarted(&self, settings: Settings, sandbox: SandboxKind) -> Services {
        assert!(self.folder.path().exists());
        Services::new(Parts {
            store: self.store.clone(),
            runtime: Arc::new(self.runtime.clone()),
            runtime_status: status(sandbox),
            clock: self.clock.clone(),
            entropy: Arc::new(SeededEntropy::new(8)),
            history: Arc::new(SaysItsName),
            settings,
        })
    }

    pub(crate) fn inner(&self) -> Arc<Inner> {
        Arc::clone(&self.services.0)
    }

    pub(crate) async fn register(&self, name: &str) -> SignedIn {
        self.services.accounts().register(credentials(name, PASSWORD), client()).await.unwrap()
    }

    pub(crate) async fn login(&self, name: &str, password: &str) -> Result<SignedIn, Error> {
        self.services.accounts().login(credentials(name, password), client()).await
    }

    pub(crate) async fn caller(&self, signed_in: &SignedIn) -> Option<Caller> {
        self.caller_with(&signed_in.secret).await
    }

    pub(crate) async fn caller_with(&self, secret: &SecretString) -> Option<Caller> {
        self.services.accounts().authenticate_session(secret.expose_secret(), client()).await.unwrap()
    }

    /// A new user with a browser session.
    pub(crate) async fn user(&self, name: &str) -> Caller {
        let signed_in = self.register(name).await;
        self.caller(&signed_in).await.unwrap()
    }

    pub(crate) async fn project(&self, caller: &Caller, name: &str) -> Project {
        let input = NewProject { name: name.to_owned(), ..NewProject::default() };
        self.services.projects().create(caller, input).await.unwrap()
    }

    pub(crate) async fn task(&self, caller: &Caller, project: &Project, title: &str) -> Task {
        let input = NewTask { title: title.to_owned(), ..NewTask::default() };
        self.services.tasks().create(caller, project.id, input).await.unwrap()
    }

    pub(crate) async fn agent(&self, caller: &Caller, project: &Project, name: &str) -> Agent {
        self.services.agents().launch(caller, launch(project, Some(name))).await.unwrap()
    }

    /// The next live event that `wanted` likes, while time goes by.
    pub(crate) async fn await_event(&self, events: &mut Events, wanted: impl Fn(&LiveEvent) -> bool) -> LiveEvent {
        let search = async {
            loop {
                // The pause is only for giving way: what ends it is an event or the clock.
                match tokio::time::timeout(Duration::from_millis(5), events.next()).await {
                    Ok(Some((_, event))) if wanted(&event) => return event,
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("the stream ended"),
                    Err(_) => self.clock.advance(Duration::from_millis(500)),
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("the event should have come")
    }
}

/// All events that are there already.
pub(crate) fn drain(events: &mut Events) -> Vec<LiveEvent> {
    std::iter::from_fn(|| events.next().now_or_never().flatten()).map(|(_, event)| event).collect()
}

pub(crate) fn credentials(name: &str, password: &str) -> Credentials {
    Credentials { username: name.to_owned(), password: password.into() }
}

pub(crate) fn client() -> ClientInfo {
    ClientInfo::new("192.0.2.1", "a test")
}

pub(crate) fn launch(project: &Project, name: Option<&str>) -> LaunchAgent {
    LaunchAgent {
        project_id: project.id,
        name: name.map(str::to_owned),
        start_command: None,
        mode: domain::AgentMode::Manual,
        limits: WantedLimits::default(),
    }
}

pub(crate) fn seen(agent_id: AgentId, state: Observed, reason: Reason) -> Observation {
    let message = "It ended by itself with code 1.".into();
    Observation { reason: Some(reason), message, ..Observation::plain(agent_id, state) }
}

/// Everything that a caller can learn from an error.
pub(crate) fn shown<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    let error = outcome.expect_err("this should have been refused");
    format!("{:?} {:?} {:?} {:?}", error.code(), error.public_message(), error.fields(), error.retry_after())
}

/// Terminals that show what they were dialled with.
struct SaysItsName;

impl ReadHistory for SaysItsName {
    fn read(&self, _: Box<dyn Duplex>, token: SecretString) -> BoxFuture<'static, Option<String>> {
        let text = format!("old line\nscreen of {}\n\n\n", token.expose_secret());
        Box::pin(std::future::ready(Some(text)))
    }
}
