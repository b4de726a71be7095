//! Agents: what is wanted of them, what was observed of them, and how the one becomes the other.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    AgentId, ProjectId, RuntimeEvent, Timestamp, UserId,
    task::UnknownName,
    validate::{self, Checker, Invalid},
};

mod first;
mod limits;

pub use first::FirstAgents;
pub use limits::{AgentLimits, MEMORY_MIB, PROCESSES, WantedLimits};

/// What the database says an agent shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Desired {
    /// It shall run.
    Running,
    /// It shall not run, and keep its workspace.
    Stopped,
    /// Nothing of it shall be left.
    Deleted,
}

/// What was last observed of an agent. It never says something that was not observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Wanted, and nothing of it seen yet.
    Pending,
    /// Parts of it are there; its terminal does not answer yet.
    Starting,
    /// Its terminal answers; it has no task.
    Idle,
    /// It works on a task.
    Working,
    /// It waits for a person.
    Waiting,
    /// It is being ended.
    Stopping,
    /// It does not run; its workspace is kept.
    Stopped,
    /// It should run and does not; `reason` says why.
    Failed,
}

/// Why an agent is in its phase: a stable code. The sentence beside it is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The repository could not be cloned; the agent runs with an empty workspace.
    CloneFailed,
    /// It ended by itself.
    Exited,
    /// The kernel ended it because it reached its memory limit.
    OutOfMemory,
    /// Its terminal did not answer in time.
    StartTimeout,
    /// It could not be started.
    StartFailed,
    /// A program it needs is not installed on this host.
    MissingProgram,
    /// There is no sandbox on this host, and this user may not run without one.
    Unsandboxed,
    /// The disk is full or cannot be written.
    Storage,
    /// The runtime does not answer.
    RuntimeUnavailable,
    /// No node of the cluster has room for it.
    Unschedulable,
    /// Its container image cannot be fetched.
    ImagePull,
    /// Something that its pod refers to is missing or not valid: a secret, a service account, a setting.
    Configuration,
    /// It ends again and again right after its start.
    CrashLoop,
    /// Its node needed the room and ended it.
    Evicted,
    /// Its node does not answer.
    NodeLost,
    /// The namespace's quota is used up.
    Quota,
    /// The cluster's rules do not admit it.
    Admission,
    /// AiWorker lacks a permission in the cluster.
    Forbidden,
    /// Its volume cannot be made, attached or mounted.
    Volume,
    /// Something that is not ours has its name.
    NameTaken,
}

macro_rules! names {
    ($type:ident { $($variant:ident => $name:literal / $label:literal),+ $(,)? }) => {
        impl $type {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name as it stands in JSON and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What a person reads.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }
        }

        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                match text { $($name => Ok(Self::$variant),)+ other => Err(UnknownName(other.to_owned())) }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// Who decides what an agent does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AgentMode {
    /// A person at its terminal, where everything is ready.
    #[default]
    Manual,
    /// The agent: it takes one task after the other.
    Autopilot,
}

names!(AgentMode { Manual => "manual" / "Manual", Autopilot => "autopilot" / "Autopilot" });
names!(Desired { Running => "running" / "Running", Stopped => "stopped" / "Stopped", Deleted => "deleted" / "Deleted" });
names!(Phase {
    Pending => "pending" / "Pending",
    Starting => "starting" / "Starting",
    Idle => "idle" / "Idle",
    Working => "working" / "Working",
    Waiting => "waiting" / "Waiting",
    Stopping => "stopping" / "Stopping",
    Stopped => "stopped" / "Stopped",
    Failed => "failed" / "Failed",
});
names!(Reason {
    CloneFailed => "clone_failed" / "Clone failed",
    Exited => "exited" / "Exited",
    OutOfMemory => "out_of_memory" / "Out of memory",
    StartTimeout => "start_timeout" / "Start timed out",
    StartFailed => "start_failed" / "Start failed",
    MissingProgram => "missing_program" / "Missing program",
    Unsandboxed => "unsandboxed" / "No sandbox",
    Storage => "storage" / "Storage",
    RuntimeUnavailable => "runtime_unavailable" / "Runtime unavailable",
    Unschedulable => "unschedulable" / "No room",
    ImagePull => "image_pull" / "Image not available",
    Configuration => "configuration" / "Configuration",
    CrashLoop => "crash_loop" / "Crash loop",
    Evicted => "evicted" / "Evicted",
    NodeLost => "node_lost" / "Node lost",
    Quota => "quota" / "Quota used up",
    Admission => "admission" / "Not admitted",
    Forbidden => "forbidden" / "Permission missing",
    Volume => "volume" / "Volume",
    NameTaken => "name_taken" / "Name taken",
});

/// How far a start has come. Later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// It has a node of the cluster.
    Scheduled,
    /// Its image is being fetched.
    Pulling,
    /// Its image is there and its container is made.
    Created,
    /// It runs.
    Started,
    /// Its terminal answers.
    Ready,
}

names!(Step {
    Scheduled => "scheduled" / "Scheduled",
    Pulling => "pulling" / "Pulling image",
    Created => "created" / "Created",
    Started => "started" / "Started",
    Ready => "ready" / "Terminal ready",
});

impl Step {
    /// Whether it takes its time: it is over only when the next one has come.
    pub const fn takes_time(self) -> bool {
        matches!(self, Self::Pulling)
    }
}

impl Phase {
    /// Whether a terminal can be opened.
    pub const fn has_terminal(self) -> bool {
        matches!(self, Self::Idle | Self::Working | Self::Waiting)
    }

    /// Whether it has begun to run, and nothing was seen to end it since.
    pub const fn is_up(self) -> bool {
        self.has_terminal() || matches!(self, Self::Starting)
    }

    /// Whether a terminal is on its way: one that is opened now waits for it.
    pub const fn is_coming_up(self) -> bool {
        matches!(self, Self::Pending | Self::Starting)
    }
}

/// A coding agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Agent {
    /// The agent's id.
    pub id: AgentId,
    /// Its owner.
    pub user_id: UserId,
    /// The project it works on.
    pub project_id: ProjectId,
    /// That project's name.
    pub project_name: String,
    /// Its name, unique among its owner's agents.
    pub name: String,
    /// What the runtime calls it.
    pub pod_name: String,
    /// What is wanted.
    pub desired: Desired,
    /// What was observed.
    pub phase: Phase,
    /// Why, as a code.
    pub reason: Option<Reason>,
    /// Why and what to do, as a sentence; may be empty.
    pub message: String,
    /// How far its start has come; nothing when it is not on its way up.
    #[serde(default)]
    pub step: Option<Step>,
    /// What runs in its terminal; empty means a shell.
    pub start_command: String,
    /// Who decides what it does next.
    #[serde(default)]
    pub mode: AgentMode,
    /// What it may use.
    pub limits: AgentLimits,
    /// Counts the changes of what is wanted.
    pub generation: i64,
    /// When it was launched.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// When it came into its phase.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub phase_since: Timestamp,
}

impl Agent {
    /// What the runtime calls the agent with this id: the first pod of its `StatefulSet`.
    pub fn pod_name_of(id: AgentId) -> String {
        format!("agent-{}-0", id.as_uuid().simple())
    }
}

/// What a person fills in to launch an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LaunchAgent {
    /// The project it works on.
    pub project_id: ProjectId,
    /// Its name; a free one is chosen when left out.
    #[serde(default)]
    pub name: Option<String>,
    /// What runs in its terminal; the project's unless said.
    #[serde(default)]
    pub start_command: Option<String>,
    /// Who decides what it does next; a person unless said.
    #[serde(default)]
    pub mode: AgentMode,
    /// What it may use; the operator's choice where it is left out.
    #[serde(default)]
    pub limits: WantedLimits,
}

impl LaunchAgent {
    /// The input in its stored form, or what is wrong with it. An empty name counts as left out.
    pub fn validate(self) -> Result<Self, Invalid> {
        let mut checker = Checker::default();
        let name =
            self.name.filter(|name| !name.is_empty()).map(|name| checker.check("name", validate::agent_name(&name)));
        let start_command =
            self.start_command.map(|command| checker.check("start_command", validate::start_command(&command)));
        self.limits.check(&mut checker);
        checker.finish(Self { name, start_command, ..self })
    }
}

/// What a runtime saw of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The agent.
    pub agent_id: AgentId,
    /// What there is of it.
    pub state: Observed,
    /// Why, as a code.
    pub reason: Option<Reason>,
    /// Why and what to do, as a sentence; may be empty.
    pub message: String,
    /// How far its start has come, where that was seen.
    pub step: Option<Step>,
    /// What the runtime says has happened to it lately, oldest first. The runtime forgets.
    pub events: Vec<RuntimeEvent>,
}

impl Observation {
    /// An observation that needs no explanation.
    pub fn plain(agent_id: AgentId, state: Observed) -> Self {
        Self { agent_id, state, reason: None, message: String::new(), step: None, events: Vec::new() }
    }
}

/// A sentence for people and, where there is one, what the cluster or the system said in its own words. They travel as
/// one text: the sentence is its first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// For people.
    pub sentence: &'a str,
    /// For those who must look closer; may be empty.
    pub raw: &'a str,
}

impl<'a> Explanation<'a> {
    /// Most bytes of foreign words that are kept.
    const LONGEST: usize = 2000;

    /// One text of both.
    pub fn join(sentence: &str, raw: &str) -> String {
        let raw = raw.trim();
        let end = (0..=raw.len().min(Self::LONGEST)).rev().find(|end| raw.is_char_boundary(*end)).unwrap_or_default();
        if raw.is_empty() { sentence.to_owned() } else { format!("{sentence}\n{}", &raw[..end]) }
    }

    /// Both from one text.
    pub fn split(text: &'a str) -> Self {
        let (sentence, raw) = text.split_once('\n').unwrap_or((text, ""));
        Self { sentence, raw }
    }
}

/// How much of an agent is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// Nothing, not even a workspace.
    Absent,
    /// It is on its way up.
    Starting,
    /// Its terminal answers.
    Running,
    /// It is on its way down.
    Stopping,
    /// A workspace and nothing else.
    Stopped,
    /// It should be up and is not, and trying again at once will not help.
    Failed,
}

/// What to tell people, from what is wanted and what was seen.
///
/// A runtime that lost an agent which should run reports `Absent` or `Stopped`: that is `Pending`, because the
/// reconciler is about to start it again. `Working` and `Waiting` come from the agent's own calls, so a running agent
/// keeps them.
pub fn phase_of(desired: Desired, before: Phase, observed: Observed) -> Phase {
    match (desired, observed) {
        (Desired::Running, Observed::Starting) => Phase::Starting,
        (Desired::Running, Observed::Running) if before.has_terminal() => before,
        (Desired::Running, Observed::Running) => Phase::Idle,
        (Desired::Running, Observed::Absent | Observed::Stopped) => Phase::Pending,
        (Desired::Running, Observed::Failed) => Phase::Failed,
        (Desired::Running, Observed::Stopping) => Phase::Stopping,
        (Desired::Stopped | Desired::Deleted, Observed::Absent | Observed::Stopped | Observed::Failed) => {
            Phase::Stopped
        }
        (Desired::Stopped | Desired::Deleted, Observed::Starting | Observed::Running | Observed::Stopping) => {
            Phase::Stopping
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_never_claims_more_than_was_seen() {
        use Observed::{Absent, Failed, Running, Starting, Stopped, Stopping};
        let after = |desired, observed| phase_of(desired, Phase::Pending, observed);
        for observed in [Absent, Starting, Stopping, Stopped, Failed] {
            assert!(!after(Desired::Running, observed).has_terminal(), "{observed:?}");
        }
        assert_eq!(after(Desired::Running, Running), Phase::Idle);
        for observed in [Starting, Running, Stopping] {
            assert_eq!(after(Desired::Stopped, observed), Phase::Stopping, "{observed:?}");
        }
        assert_eq!(after(Desired::Stopped, Stopped), Phase::Stopped);
    }

    #[test]
    fn an_explanation_keeps_the_sentence_and_the_words_apart() {
        let text = Explanation::join("No room.", " 0/1 nodes\nare available ");
        assert_eq!(Explanation::split(&text), Explanation { sentence: "No room.", raw: "0/1 nodes\nare available" });
        assert_eq!(Explanation::join("Fine.", " "), "Fine.");
        let long = Explanation::join("Long.", &"\u{e9}".repeat(5000));
        assert!(long.len() <= 6 + 2000 && long.ends_with('\u{e9}'));
    }

    #[test]
    fn seeing_a_working_agent_run_does_not_make_it_idle() {
        assert_eq!(phase_of(Desired::Running, Phase::Working, Observed::Running), Phase::Working);
        assert_eq!(phase_of(Desired::Running, Phase::Starting, Observed::Running), Phase::Idle);
    }

    #[test]
    fn pod_names_fit_a_stateful_set() {
        let id = AgentId::from_uuid(uuid::Uuid::from_u128(7));
        assert_eq!(Agent::pod_name_of(id), "agent-00000000000000000000000000000007-0");
    }

    #[test]
    fn limits_outside_the_range_name_the_field() {
        let input = LaunchAgent {
            project_id: ProjectId::from_uuid(uuid::Uuid::nil()),
            name: Some("Otter".into()),
            start_command: None,
            mode: AgentMode::Manual,
            limits: WantedLimits { memory_mib: Some(1), processes: Some(64) },
        };
        let fields: Vec<_> =
            input.validate().map_err(|e| e.fields).err().into_iter().flatten().map(|f| f.field).collect();
        assert_eq!(fields, ["name", "limits.memory_mib"]);
    }
}
