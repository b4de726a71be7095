//! The last words of a terminal session, and how the state of an agent becomes one. No I/O.

use domain::{
    Agent, Desired, Phase,
    terminal::{DecodeError, End, EndCode},
};

/// How a terminal session ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The client is told why, then the socket is closed.
    Told(End),
    /// Nobody is there to be told: the browser went away.
    Gone,
}

impl Ending {
    /// The code for logs and metrics; it comes from a closed set.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Gone => "client_gone",
            Self::Told(end) => label(end.code),
        }
    }
}

/// The name of a code as it stands in the JSON of the last word.
pub fn label(code: EndCode) -> &'static str {
    match code {
        EndCode::Protocol => "protocol",
        EndCode::Unauthorized => "unauthorized",
        EndCode::NotFound => "not_found",
        EndCode::NotRunning => "not_running",
        EndCode::Limit => "limit",
        EndCode::Unreachable => "unreachable",
        EndCode::Draining => "draining",
    }
}

fn end(code: EndCode, message: impl Into<String>) -> End {
    End { code, message: message.into(), retry: code.retry(), retry_after_ms: 0 }
}

/// The client broke the protocol; `what` is a clause without a full stop.
pub fn protocol(what: &str) -> End {
    end(EndCode::Protocol, format!("The terminal's connection was closed because {what}. Reload the page."))
}

/// The client sent something that is not a frame.
pub fn not_a_frame(error: &DecodeError) -> End {
    protocol(&error.to_string())
}

/// The session or token is no longer valid.
pub fn unauthorized() -> End {
    end(EndCode::Unauthorized, "You are signed out. Sign in again to use this terminal.")
}

/// There is no such agent for this user, or no longer.
pub fn not_found() -> End {
    end(EndCode::NotFound, "This agent was deleted.")
}

/// Too many terminal sessions; the sentence says which limit.
pub fn limit(message: String) -> End {
    end(EndCode::Limit, message)
}

/// The agent's terminal does not answer; the sentence says why, if that is known.
pub fn unreachable(why: Option<String>) -> End {
    let unknown = || "The agent's terminal does not answer. If that lasts, look at the agent's page.".to_owned();
    end(EndCode::Unreachable, why.unwrap_or_else(unknown))
}

/// The client speaks the version before this one.
pub fn outdated() -> End {
    end(EndCode::Protocol, "AiWorker was updated. Reload the page to use this terminal.")
}

/// The server goes down; the client is to come back after so many milliseconds.
pub fn draining(retry_after_ms: u32) -> End {
    End { retry_after_ms, ..end(EndCode::Draining, "The server is restarting. The agent goes on meanwhile.") }
}

/// What to say of an agent that has no terminal for good. `None` while it has one, or will soon.
pub fn of_agent(agent: &Agent) -> Option<End> {
    match (agent.desired, agent.phase) {
        (Desired::Deleted, _) => Some(not_found()),
        (Desired::Stopped, _) => Some(end(
            EndCode::NotRunning,
            format!("{} was stopped. Its workspace is kept: start it to go on.", agent.name),
        )),
        (Desired::Running, Phase::Failed) => {
            let why = if agent.message.is_empty() { "Look at its page for the reason." } else { &agent.message };
            Some(end(EndCode::NotRunning, format!("{} does not run. {why}", agent.name)))
        }
        (Desired::Running, _) => None,
    }
}
