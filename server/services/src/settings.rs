//! What the operator chose, as far as use cases need it. Reading flags and variables is the server's business.

use std::time::Duration;

use domain::AgentLimits;
use secrecy::SecretString;

use crate::cookie::SessionCookie;

/// How long a session may lie unused, unless configured otherwise.
const SESSION_IDLE: Duration = Duration::from_hours(12);
/// How long a session may last at all, unless configured otherwise.
const SESSION_ABSOLUTE: Duration = Duration::from_hours(7 * 24);
/// How many agents a user may have, unless configured otherwise.
const AGENTS_PER_USER: u32 = 50;
/// How long what was last on a terminal is kept, unless configured otherwise.
const TERMINALS_KEPT_FOR: Duration = Duration::from_hours(30 * 24);
/// How often the terminal of a running agent is read to be kept, unless configured otherwise.
const TERMINALS_READ_EVERY: Duration = Duration::from_mins(5);
/// How long something without a row is left alone, unless configured otherwise: time enough for a launch in flight, and for
/// an operator who started the server with the wrong database.
pub const ORPHAN_GRACE: Duration = Duration::from_mins(5);
/// Where agents reach the server, unless configured otherwise.
const BACKEND_URL: &str = "http://127.0.0.1:3000";

/// What the operator chose.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who may make an account.
    pub registration: Registration,
    /// How long a session may lie unused.
    pub session_idle: Duration,
    /// How long a session may last at all.
    pub session_absolute: Duration,
    /// How many agents a user may have.
    pub agents_per_user: u32,
    /// What agents may use whose launch does not say otherwise.
    pub agent_limits: AgentLimits,
    /// How long what the runtime has and the database does not know is left alone before it is removed.
    pub orphan_grace: Duration,
    /// Whether everybody may run agents on a host without a sandbox.
    pub allow_unsandboxed: bool,
    /// How long what was last on an agent's terminal is kept after it was read; zero keeps nothing.
    pub terminals_kept_for: Duration,
    /// How often the terminal of a running agent is read, so that something is kept of one that ends by itself; zero reads it only
    /// when the agent is stopped or deleted.
    pub terminals_read_every: Duration,
    /// The address people use, if there is one: its host signs the agents' commits.
    pub public_url: Option<String>,
    /// The address at which agents reach this server, without a slash at the end.
    pub backend_url: String,
    /// The key from which the agents' terminal passwords are made. It must stay the same while agents live.
    pub signing_key: SecretString,
    /// The keys that seal users' credentials, 64 hexadecimal digits each: the first seals, all open.
    pub credential_keys: Vec<SecretString>,
    /// How the session cookie is named and protected.
    pub cookie: SessionCookie,
}

/// Who may make an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// The first person to come, who becomes the administrator.
    FirstUser,
    /// Anyone.
    Open,
    /// Nobody.
    Closed,
}

impl Settings {
    /// The defaults, for plain HTTP on this machine.
    pub fn new(signing_key: SecretString) -> Self {
        Self {
            registration: Registration::FirstUser,
            session_idle: SESSION_IDLE,
            session_absolute: SESSION_ABSOLUTE,
            agents_per_user: AGENTS_PER_USER,
            agent_limits: AgentLimits::default(),
            orphan_grace: ORPHAN_GRACE,
            allow_unsandboxed: false,
            terminals_kept_for: TERMINALS_KEPT_FOR,
            terminals_read_every: TERMINALS_READ_EVERY,
            public_url: None,
            backend_url: BACKEND_URL.to_owned(),
            signing_key,
            credential_keys: Vec::new(),
            cookie: SessionCookie::over_loopback_http(),
        }
    }
}
