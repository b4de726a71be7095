//! What can go wrong where agents run.

use domain::Reason;

/// A runtime could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// There is no such agent there, or it does not listen.
    #[error("the agent is not there")]
    NotFound,
    /// The agent cannot run, and trying again at once will not help.
    #[error("{message}")]
    Refused {
        /// Why, as a code.
        reason: Reason,
        /// Why and what to do, as a sentence for people.
        message: String,
    },
    /// It may work later.
    #[error("{what}")]
    Unavailable {
        /// What was tried, in a few words.
        what: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// It took too long.
    #[error("{0} took too long")]
    Timeout(&'static str),
}

impl RuntimeError {
    /// Wraps an I/O error with what was tried.
    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Unavailable { what, source }
    }
}
