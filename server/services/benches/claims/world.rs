//! A fresh database with one user, a project, agents and tasks: the same for both that are measured.

use std::{sync::Arc, time::Duration};

use domain::{
    AgentId, AgentMode, LaunchAgent, NewProject, NewTask, Phase, ProjectId, RuntimeKind, RuntimeStatus, SandboxKind,
    UserId, WantedLimits,
};
use futures::{StreamExt as _, future::join_all, stream};
use runtime::fake::FakeRuntime;
use services::{
    Caller, ClientInfo, Credentials, NoHistory, Parts, Registration, Services, Settings, SystemClock, SystemEntropy,
};
use store::{Store, StoreConfig};
use test_databases::{Database, Kind};

/// How many tasks are made at the same time.
const MAKERS: usize = 8;
/// How long agents may take to be up.
const DEADLINE: Duration = Duration::from_mins(1);

/// The database and the services on it.
pub struct World {
    pub database: Database,
    pub services: Services,
    pub caller: Caller,
    pub owner: UserId,
    pub project: ProjectId,
}

impl World {
    pub async fn new(kind: Kind, tasks: usize) -> Self {
        let database = tokio::task::spawn_blocking(move || Database::new(kind)).await.unwrap();
        let store = Store::connect(&StoreConfig::new(database.url().into())).await.unwrap();
        store.migrate().await.unwrap();
        let status = RuntimeStatus {
            kind: RuntimeKind::Process,
            sandbox: SandboxKind::Bubblewrap,
            limits_memory: true,
            limits_processes: true,
        };
        let settings = Settings::new("signing key".into());
        let services = Services::new(Parts {
            store,
            runtime: Arc::new(FakeRuntime::new()),
            runtime_status: status,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            history: Arc::new(NoHistory),
            settings: Settings { registration: Registration::Open, terminals_kept_for: Duration::ZERO, ..settings },
        });
        let client = || ClientInfo::new("192.0.2.1", "a measurement");
        let credentials = Credentials { username: "ada".into(), password: "correct horse".into() };
        let signed_in = services.accounts().register(credentials, client()).await.unwrap();
        let secret = secrecy::ExposeSecret::expose_secret(&signed_in.secret).to_owned();
        let caller = services.accounts().authenticate_session(&secret, client()).await.unwrap().unwrap();
        let input = NewProject { name: "Engine".into(), ..NewProject::default() };
        let project = services.projects().create(&caller, input).await.unwrap().id;
        let (owner, world_services) = (signed_in.user.id, services.clone());
        let world = Self { database, services: world_services, caller, owner, project };
        stream::iter(0..tasks).for_each_concurrent(MAKERS, |number| world.task(number)).await;
        world
    }

    async fn task(&self, number: usize) {
        let input = NewTask { title: format!("task {number}"), ..NewTask::default() };
        self.services.tasks().create(&self.caller, self.project, input).await.unwrap();
    }

    /// Launches agents and waits until they are up.
    pub async fn agents(&self, number: usize) -> Vec<AgentId> {
        let launched = (0..number).map(|number| async move {
            let launch = LaunchAgent {
                project_id: self.project,
                name: Some(format!("agent-{number}")),
                start_command: None,
                mode: AgentMode::Manual,
                limits: WantedLimits::default(),
            };
            self.services.agents().launch(&self.caller, launch).await.unwrap().id
        });
        let agents = join_all(launched).await;
        let are_up = async {
            loop {
                let all = self.services.agents().list(&self.caller).await.unwrap();
                if all.iter().all(|agent| agent.phase == Phase::Idle) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(DEADLINE, are_up).await.expect("the agents should be up");
        agents
    }
}
