//! What `aiworker` does inside an agent, beside the agent's coding CLI: it prepares the CLI, hands it one task after
//! the other, and bridges MCP for programs that cannot speak HTTP. It knows the server by its address only.

pub mod autopilot;
pub mod bridge;
mod command;
mod http;
pub mod setup;
mod terminal;
mod tools;

pub use command::Command;
pub use http::Place;

/// Why something inside an agent cannot begin or go on. Each is a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum InsideError {
    /// There is no address.
    #[error("the address of AiWorker is missing. Set MCP_ENDPOINT, such as https://agents.example.com/mcp.")]
    NoEndpoint,
    /// There is no token.
    #[error("the agent token in {0} is missing or empty. An agent gets a new one when it is stopped and started.")]
    NoToken(std::path::PathBuf),
    /// The token does not work.
    #[error("AiWorker does not accept the agent token (any more). Stop the agent and start it again.")]
    Refused,
    /// The program cannot speak HTTP here.
    #[error("the HTTP client cannot be made: {0}")]
    Client(#[source] reqwest::Error),
    /// A file cannot be read or written.
    #[error("{0}: {1}")]
    File(String, #[source] std::io::Error),
    /// The system does not let the program begin.
    #[error("the system refused to start the program: {0}")]
    System(#[from] std::io::Error),
}
