//! Where the server is and what to say to be let in.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use reqwest::{Client, redirect};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::InsideError;

/// How long a connection may take.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);
/// How long an answer may take: the longest wait of a tool, and time for the way.
pub const ANSWER_DEADLINE: Duration = Duration::from_secs(75);

/// Where the server is and what to say to be let in.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// The address of AiWorker's MCP server, such as `https://agents.example.com/mcp`.
    #[arg(long, env = "MCP_ENDPOINT", value_name = "URL")]
    pub endpoint: Option<Url>,

    /// The file that holds the agent token.
    #[arg(long, env = "AIWORKER_TOKEN_FILE", value_name = "FILE", default_value = "/run/agent/secrets/token")]
    pub token_file: PathBuf,
}

impl Place {
    /// The address.
    pub fn endpoint(&self) -> Result<&Url, InsideError> {
        self.endpoint.as_ref().ok_or(InsideError::NoEndpoint)
    }

    /// The token as the file has it now: a new one may have been put there.
    pub fn token(&self) -> Result<SecretString, InsideError> {
        let missing = || InsideError::NoToken(self.token_file.clone());
        let text = std::fs::read_to_string(&self.token_file).map_err(|_| missing())?;
        let token = text.trim();
        // What could not stand in a header is no token either.
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(missing());
        }
        Ok(token.into())
    }

    /// The `Authorization` header.
    pub fn authorization(&self) -> Result<String, InsideError> {
        Ok(format!("Bearer {}", self.token()?.expose_secret()))
    }
}

/// A client for the server. It follows no redirects: the token goes to the server and nowhere else.
pub fn client() -> Result<Client, InsideError> {
    // Fails when there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .connect_timeout(CONNECT_DEADLINE)
        .timeout(ANSWER_DEADLINE)
        .redirect(redirect::Policy::none())
        .build()
        .map_err(InsideError::Client)
}
