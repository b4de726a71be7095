//! What goes into and comes out of storage and has no place in `domain`: rows with secrets, and three-way outcomes.

use domain::{
    Account, Agent, AgentId, AgentLimits, AgentMode, Credential, Event, Phase, ProjectId, Reason, Session, SessionId,
    Step, Subject, Timestamp, TokenId, User, UserId,
};
use secrecy::SecretString;

/// An account to make. Its role is decided while it is stored.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Its id.
    pub id: UserId,
    /// The name, in its stored form.
    pub username: String,
    /// The password's hash, in the PHC string format.
    pub password_hash: SecretString,
    /// When it is made.
    pub created_at: Timestamp,
}

/// Who may make an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationPolicy {
    /// Only the first person to come.
    FirstUserOnly,
    /// Anyone.
    Anyone,
}

/// How making an account ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateUser {
    /// The account exists now. The first one is an administrator.
    Created(User),
    /// Somebody else has the name.
    NameTaken,
    /// The policy allows no further account.
    Closed,
}

/// How changing what an account may do ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetRole {
    /// It may do that now.
    Set,
    /// No account that is in use has the name.
    NotFound,
    /// Nobody else could look after the installation.
    LastAdmin,
}

/// How asking for the end of an account ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BeginDeletion {
    /// It is on its way, now or already before.
    Begun {
        /// The account, with the number of what is left.
        account: Box<Account>,
        /// The agents that must be gone first.
        agents: Vec<Agent>,
    },
    /// There is no such account.
    NotFound,
    /// Nobody else could look after the installation.
    LastAdmin,
}

/// How far the end of an account has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasure {
    /// Nothing is left of it.
    Gone,
    /// So many agents must be gone first.
    WaitsForAgents(u64),
    /// Nobody has asked for it.
    NotAsked,
}

/// A user with what a password is checked against.
#[derive(Debug, Clone)]
pub struct UserWithHash {
    /// The user.
    pub user: User,
    /// The password's hash, in the PHC string format.
    pub password_hash: SecretString,
}

/// A browser session to store.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its public id.
    pub id: SessionId,
    /// Who signed in.
    pub user_id: UserId,
    /// SHA-256 of the cookie's secret, as 64 hexadecimal digits.
    pub secret_hash: String,
    /// When it begins.
    pub created_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// The browser's description of itself.
    pub user_agent: String,
    /// The address it came from.
    pub address: String,
}

/// A stored browser session and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// The session; `current` is always false here.
    pub session: Session,
    /// Its user.
    pub user: User,
}

/// How deleting a project ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteProject {
    /// It is gone, with its tasks.
    Deleted,
    /// The owner has no such project.
    NotFound,
    /// It still has agents, though they may be on their way out.
    HasAgents,
}

/// An agent to launch: wanted `running`, in phase `pending`, at generation 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAgent {
    /// Its id.
    pub id: AgentId,
    /// The project it works on.
    pub project_id: ProjectId,
    /// Its name.
    pub name: String,
    /// What runs in its terminal.
    pub start_command: String,
    /// Who decides what it does next.
    pub mode: AgentMode,
    /// What it may use.
    pub limits: AgentLimits,
    /// When it is launched.
    pub created_at: Timestamp,
}

/// How launching an agent ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InsertAgent {
    /// The agent is stored.
    Inserted(Box<Agent>),
    /// The owner has an agent of this name.
    NameTaken,
    /// The owner has as many agents as allowed.
    LimitReached,
    /// The owner has no such project (any more).
    ProjectNotFound,
}

/// What was observed of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseChange {
    /// The agent.
    pub id: AgentId,
    /// The generation that was observed; when the agent has moved on, nothing changes.
    pub expected_generation: i64,
    /// The phase.
    pub phase: Phase,
    /// Why, as a code.
    pub reason: Option<Reason>,
    /// Why and what to do, as a sentence; may be empty.
    pub message: String,
    /// How far its start has come.
    pub step: Option<Step>,
    /// The reconciler's term in which it was observed; when another one has begun, nothing changes.
    pub in_term: Option<i64>,
    /// When it was observed.
    pub at: Timestamp,
}

/// What a runtime must know to start an agent, beyond the agent itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchFacts {
    /// The agent.
    pub agent: Agent,
    /// The name of its owner.
    pub username: String,
    /// Where to clone from, if anywhere.
    pub repository_url: Option<String>,
    /// The branch to start from.
    pub default_branch: String,
}

/// A stored agent token and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentTokenRecord {
    /// The token's public id.
    pub id: TokenId,
    /// The agent that it belongs to.
    pub agent_id: AgentId,
    /// The agent's name.
    pub agent_name: String,
    /// The agent's owner.
    pub user_id: UserId,
    /// The project that the agent works on.
    pub project_id: ProjectId,
}

/// A credential of a user, with what it is sealed in.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedCredential {
    /// Whose it is.
    pub user_id: UserId,
    /// The credential.
    pub credential: Credential,
    /// The secret, sealed.
    pub sealed: String,
    /// The key that opens it.
    pub key_id: String,
}

impl std::fmt::Debug for SealedCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedCredential").field("credential", &self.credential).finish_non_exhaustive()
    }
}

/// An entry to add to a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Whose timeline.
    pub subject: Subject,
    /// The entry.
    pub event: Event,
}
