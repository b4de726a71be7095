//! Entries of timelines as people read them. They are written here, so that the browser need not know every event.

use domain::{ActorKind, Timestamp};
#[cfg(feature = "ssr")]
use domain::{Event, EventKind, QuestionStatus, ReturnCause, TaskResult, lease::ATTEMPTS_MAX};
use serde::{Deserialize, Serialize};

/// What happened, who did it and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it happened.
    pub at: Timestamp,
    /// What did it.
    pub by: ActorKind,
    /// The name of who did it.
    pub name: String,
    /// What happened, as it stands after the name.
    pub what: String,
    /// Why, as a sentence; may be empty.
    pub why: String,
}

#[cfg(feature = "ssr")]
impl From<Event> for Entry {
    fn from(event: Event) -> Self {
        let Event { id: _, at, actor, kind } = event;
        let what = sentence(&kind);
        let why = match kind {
            EventKind::AgentPhaseChanged { message, .. } => message,
            EventKind::TaskReported { link, .. } => link.unwrap_or_default(),
            EventKind::TaskNoted { markdown } => markdown,
            EventKind::TaskResultGiven { result } => result_line(result),
            EventKind::QuestionAsked { prompts, .. } => {
                prompts.into_iter().map(|prompt| prompt.question).collect::<Vec<_>>().join("\n")
            }
            EventKind::QuestionClosed { answers, .. } => {
                answers.iter().map(domain::Answer::sentence).collect::<Vec<_>>().join("\n")
            }
            _ => String::new(),
        };
        Self { at, by: actor.kind, name: actor.name, what, why }
    }
}

#[cfg(feature = "ssr")]
fn sentence(kind: &EventKind) -> String {
    match kind {
        EventKind::TaskCreated => "created the task".to_owned(),
        EventKind::TaskEdited { fields } => format!("changed the {}", fields.join(", ").replace('_', " ")),
        EventKind::TaskMoved { from, to } => format!("moved it from {from} to {to}"),
        EventKind::TaskClaimed { epoch: 1 } => "took the task".to_owned(),
        EventKind::TaskClaimed { epoch } => format!("took the task (hold number {epoch})"),
        EventKind::TaskReported { summary, percent: Some(percent), .. } => format!("reports: {summary} ({percent} %)"),
        EventKind::TaskReported { summary, percent: None, .. } => format!("reports: {summary}"),
        EventKind::TaskNoted { .. } => "wrote a note".to_owned(),
        EventKind::TaskResultGiven { .. } => "handed in a result".to_owned(),
        EventKind::TaskReturned { cause, attempts } => returned(*cause, *attempts),
        EventKind::QuestionAsked { .. } => "asked".to_owned(),
        EventKind::QuestionClosed { status: QuestionStatus::Answered, .. } => "answered".to_owned(),
        EventKind::QuestionClosed { status: QuestionStatus::Expired, answers, .. } if answers.is_empty() => {
            "closed a question that nobody answered in time".to_owned()
        }
        EventKind::QuestionClosed { status: QuestionStatus::Expired, .. } => {
            "took the default, because nobody answered in time".to_owned()
        }
        EventKind::QuestionClosed { .. } => "closed a question that is not needed any more".to_owned(),
        EventKind::AgentLaunched => "launched the agent".to_owned(),
        EventKind::AgentAdopted => "gave the agent back after its entry in the database was lost".to_owned(),
        EventKind::AgentStopRequested => "asked it to stop".to_owned(),
        EventKind::AgentStartRequested => "asked it to start".to_owned(),
        EventKind::AgentDeleteRequested => "asked to delete it".to_owned(),
        EventKind::AgentPhaseChanged { from, to, .. } => format!("saw it go from {from} to {to}"),
    }
}

#[cfg(feature = "ssr")]
fn returned(cause: ReturnCause, attempts: u32) -> String {
    let why = match cause {
        ReturnCause::Released => return "gave the task back".to_owned(),
        ReturnCause::AgentStopped => return "took the task from its agent, which was stopped".to_owned(),
        ReturnCause::Expired => "took the task from its agent, which was not heard of for too long",
    };
    let need = if attempts >= ATTEMPTS_MAX { "; it needs your attention" } else { "" };
    format!("{why} (attempt {attempts} of {ATTEMPTS_MAX}){need}")
}

#[cfg(feature = "ssr")]
fn result_line(result: TaskResult) -> String {
    let TaskResult { branch, commit, pull_request, notes } = result;
    let parts = [branch.map(|branch| format!("Branch {branch}")), commit.map(|commit| format!("commit {commit}"))];
    parts.into_iter().flatten().chain(pull_request).chain(notes).collect::<Vec<_>>().join(", ")
}
