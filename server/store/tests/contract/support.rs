//! A fresh database for every test, and short ways to fill it.

use std::{
    ops::Deref,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use diesel::Connection as _;
use diesel_async::{AsyncConnection, AsyncMysqlConnection, AsyncPgConnection, SimpleAsyncConnection};
use domain::{
    Actor, Agent, AgentId, AgentLimits, AgentMode, AuditAction, AuditEvent, AuditEventId, Event, EventId, EventKind,
    Outcome, Phase, Priority, Project, ProjectId, SessionId, Subject, Task, TaskId, TaskResult, TaskState, Timestamp,
    Token, TokenId, TokenKind, User, UserId,
};
use store::{
    Backend, CreateUser, InsertAgent, NewAgent, NewEvent, NewSession, NewUser, PhaseChange, RegistrationPolicy, Store,
    StoreConfig,
};
use test_databases::{Database, Kind};
use uuid::Uuid;

/// Longer than anything here takes on a slow machine, and short enough to notice that something hangs.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// Makes a test of every function: once on every database.
macro_rules! store_test {
    ($(async fn $name:ident($database:ident: $type:ty) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn test($database: $type) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                test(TestStore::new(test_databases::Kind::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                test(TestStore::new(test_databases::Kind::Postgres).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn mariadb() {
                test(TestStore::new(test_databases::Kind::Mariadb).await).await;
            }
        }
    )+};
}

/// An open, migrated store on a database of its own.
pub struct TestStore {
    pub store: Store,
    pub database: Database,
}

impl Deref for TestStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// An id that is larger than all before it.
pub fn next_uuid() -> Uuid {
    static LAST: AtomicU64 = AtomicU64::new(0);
    Uuid::from_u128(LAST.fetch_add(1, Ordering::Relaxed).into())
}

/// A moment, so many seconds after the beginning of all tests.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

/// The configuration for a database at this address.
pub fn config(url: &str) -> StoreConfig {
    StoreConfig::new(url.into())
}

impl TestStore {
    pub async fn new(kind: Kind) -> Self {
        let fresh = Self::empty(kind).await;
        fresh.migrate().await.unwrap();
        fresh
    }

    /// Without tables.
    pub async fn empty(kind: Kind) -> Self {
        let database = tokio::task::spawn_blocking(move || Database::new(kind)).await.unwrap();
        let store = Store::connect(&config(database.url())).await.unwrap();
        Self { store, database }
    }

    /// Another server process's view of the same database.
    pub async fn replica(&self) -> Store {
        Store::connect(&config(self.database.url())).await.unwrap()
    }

    /// Runs a statement that storage itself would not.
    pub async fn execute(&self, sql: &str) {
        let url = self.database.url();
        match self.backend() {
            Backend::Sqlite => {
                let mut connection = diesel::SqliteConnection::establish(url.trim_start_matches("sqlite://")).unwrap();
                diesel::connection::SimpleConnection::batch_execute(&mut connection, sql).unwrap();
            }
            Backend::Postgres => AsyncPgConnection::establish(url).await.unwrap().batch_execute(sql).await.unwrap(),
            Backend::Mysql => AsyncMysqlConnection::establish(url).await.unwrap().batch_execute(sql).await.unwrap(),
        }
    }

    pub async fn user(&self, name: &str) -> User {
        match self.create_user(new_user(name), None, RegistrationPolicy::Anyone, registration(name)).await.unwrap() {
            CreateUser::Created(user) => user,
            other => panic!("{name} was not made: {other:?}"),
        }
    }

    pub async fn project(&self, owner: &User, name: &str) -> Project {
        let project = new_project(name);
        self.insert_project(owner.id, &project).await.unwrap();
        project
    }

    pub async fn task(&self, project: &Project, title: &str) -> Task {
        let task = new_task(project, title);
        self.insert_task(&task, &task_event(&task, EventKind::TaskCreated)).await.unwrap();
        task
    }

    pub async fn agent(&self, owner: &User, project: &Project, name: &str) -> Agent {
        match self.launch(owner, project, name, u32::MAX).await {
            InsertAgent::Inserted(agent) => *agent,
            other => panic!("{name} was not launched: {other:?}"),
        }
    }

    pub async fn launch(&self, owner: &User, project: &Project, name: &str, limit: u32) -> InsertAgent {
        let agent = new_agent(project, name);
        let event = agent_event(agent.id, EventKind::AgentLaunched);
        self.insert_agent(owner.id, &agent, limit, &event).await.unwrap()
    }
}

pub fn new_token(name: &str) -> Token {
    Token {
        id: TokenId::from_uuid(next_uuid()),
        kind: TokenKind::Personal,
        name: name.into(),
        last_four: "x9Zz".into(),
        created_at: at(1),
        expires_at: at(2),
        last_used_at: None,
    }
}

pub fn new_user(name: &str) -> NewUser {
    NewUser {
        id: UserId::from_uuid(next_uuid()),
        username: name.into(),
        password_hash: format!("hash of {name}'s password").into(),
        created_at: at(0),
    }
}

pub fn new_session(user: UserId, secret_hash: &str) -> NewSession {
    NewSession {
        id: SessionId::from_uuid(next_uuid()),
        user_id: user,
        secret_hash: secret_hash.into(),
        created_at: at(10),
        expires_at: at(1000),
        user_agent: "Firefox 🦊".into(),
        address: "203.0.113.7".into(),
    }
}

pub fn new_project(name: &str) -> Project {
    Project {
        id: ProjectId::from_uuid(next_uuid()),
        name: name.into(),
        repository_url: Some("https://git.example.com/a/b.git".into()),
        default_branch: "trunk".into(),
        start_command: "claude".into(),
        working_limit: None,
        created_at: at(20),
        updated_at: at(20),
    }
}

pub fn new_task(project: &Project, title: &str) -> Task {
    Task {
        id: TaskId::from_uuid(next_uuid()),
        project_id: project.id,
        title: title.into(),
        description: "Mend the **gate** 🚪.".into(),
        state: TaskState::Backlog,
        priority: Priority::Normal,
        depends_on: vec![],
        parent_id: None,
        result: TaskResult::default(),
        lease: None,
        attempts: 0,
        report: None,
        version: 1,
        created_at: at(30),
        updated_at: at(30),
    }
}

pub fn new_agent(project: &Project, name: &str) -> NewAgent {
    NewAgent {
        id: AgentId::from_uuid(next_uuid()),
        project_id: project.id,
        name: name.into(),
        start_command: "claude --continue".into(),
        mode: AgentMode::Autopilot,
        limits: AgentLimits { memory_mib: 512, processes: 64 },
        created_at: at(40),
    }
}

pub fn observed(agent: &Agent, phase: Phase) -> PhaseChange {
    PhaseChange {
        id: agent.id,
        expected_generation: agent.generation,
        phase,
        reason: None,
        message: String::new(),
        step: None,
        in_term: None,
        at: at(100),
    }
}

pub fn event(kind: EventKind) -> Event {
    Event { id: EventId::from_uuid(next_uuid()), at: at(50), actor: Actor::system(), kind }
}

pub fn task_event(task: &Task, kind: EventKind) -> NewEvent {
    NewEvent { subject: Subject::Task(task.id), event: event(kind) }
}

pub fn agent_event(agent: AgentId, kind: EventKind) -> NewEvent {
    NewEvent { subject: Subject::Agent(agent), event: event(kind) }
}

pub fn audit_event(name: &str, action: AuditAction) -> AuditEvent {
    AuditEvent {
        id: AuditEventId::from_uuid(next_uuid()),
        at: at(60),
        actor: Actor { name: name.into(), ..Actor::system() },
        action,
        object: None,
        address: "203.0.113.7".into(),
        outcome: Outcome::Ok,
    }
}

pub fn registration(name: &str) -> AuditEvent {
    audit_event(name, AuditAction::Register)
}

/// A transaction of somebody else that has written and does not end until it is dropped.
pub enum HeldLock {
    Sqlite(#[expect(dead_code, reason = "dropping it ends the transaction")] diesel::SqliteConnection),
    Postgres(#[expect(dead_code, reason = "dropping it ends the transaction")] Box<AsyncPgConnection>),
    Mysql(#[expect(dead_code, reason = "dropping it ends the transaction")] AsyncMysqlConnection),
}

impl TestStore {
    /// Keeps everybody else from making an account.
    pub async fn hold_lock(&self) -> HeldLock {
        let url = self.database.url();
        let begin = ["BEGIN", "UPDATE locks SET taken = taken + 1"];
        match self.backend() {
            Backend::Sqlite => {
                let mut connection = diesel::SqliteConnection::establish(url.trim_start_matches("sqlite://")).unwrap();
                for sql in begin {
                    diesel::connection::SimpleConnection::batch_execute(&mut connection, sql).unwrap();
                }
                HeldLock::Sqlite(connection)
            }
            Backend::Postgres => {
                let mut connection = AsyncPgConnection::establish(url).await.unwrap();
                for sql in begin {
                    connection.batch_execute(sql).await.unwrap();
                }
                HeldLock::Postgres(Box::new(connection))
            }
            Backend::Mysql => {
                let mut connection = AsyncMysqlConnection::establish(url).await.unwrap();
                for sql in begin {
                    connection.batch_execute(sql).await.unwrap();
                }
                HeldLock::Mysql(connection)
            }
        }
    }
}
