//! What a session wants counted. No registry here.

use std::time::Duration;

use domain::terminal::ResetReason;

/// One side of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// To the viewer.
    Browser,
    /// To the agent's ttyd.
    Agent,
}

/// Something to count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Note {
    /// ttyd has spoken, and this long after it the screen began to come.
    Shown(Duration),
    /// A viewer was too far behind, so output began to be left out.
    Overrun,
    /// So many bytes were left out.
    Skipped(usize),
    /// A viewer came back and went on where it was.
    Resumed {
        /// How long it was away.
        away: Duration,
        /// Bytes that it had missed.
        bytes: usize,
    },
    /// A viewer's terminal started over.
    Reset(ResetReason),
    /// A ping was answered.
    RoundTrip(Leg, Duration),
    /// A frame was parsed.
    Acked {
        /// After this time.
        lag: Duration,
        /// Bytes under way then.
        unacked: usize,
    },
    /// Something was printed this long after something was typed.
    Echo(Duration),
    /// A frame of input came a second time.
    InputAgain,
    /// The agent's ttyd closed the connection.
    AgentHungUp,
    /// A leg to ttyd was closed before ttyd had shown that it took what was typed.
    InputUnconfirmed,
}
