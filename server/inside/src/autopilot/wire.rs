//! What autopilot reads of the tools' answers. Only that, and nothing is refused: the server may be newer.

use serde::Deserialize;

/// Answer of `get_next_task`.
#[derive(Debug, Deserialize)]
pub struct Next {
    pub task: Option<Task>,
    pub lease: Option<Lease>,
    #[serde(default)]
    pub resumed: bool,
    pub retry_after_s: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Task {
    pub id: String,
    pub title: String,
    #[serde(default)]
    pub description: String,
    pub branch: String,
    #[serde(default)]
    pub default_branch: String,
    #[serde(default)]
    pub state: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Lease {
    pub epoch: i64,
    pub heartbeat_every_s: Option<u64>,
}

/// Answer of `get_task`.
#[derive(Debug, Clone, Deserialize)]
pub struct Seen {
    pub task: Task,
    pub lease: Option<Lease>,
    #[serde(default)]
    pub questions: Vec<Question>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Question {
    pub question_id: String,
    pub status: String,
}

impl Seen {
    /// Whether the task waits for a person.
    pub fn waits(&self) -> bool {
        self.task.state == "needs_input" && (self.lease.is_some() || self.open_question().is_some())
    }

    /// Whether it is still ours to work on.
    pub fn is_ours(&self) -> bool {
        self.task.state == "in_progress" && self.lease.is_some()
    }

    /// Whether somebody took it away: it is worked on without us, or not to be worked on at all.
    pub fn is_lost(&self) -> bool {
        match self.task.state.as_str() {
            "backlog" | "cancelled" => true,
            "in_progress" => self.lease.is_none(),
            _ => false,
        }
    }

    /// The question that nobody has answered yet.
    pub fn open_question(&self) -> Option<&str> {
        self.questions.iter().rfind(|question| question.status == "pending").map(|question| &*question.question_id)
    }
}
