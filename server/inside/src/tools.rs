//! Calls of tools, repeated until the server answers: it may be restarting, and the work is not lost by waiting.

use std::time::Duration;

use domain::tools::Tool;
use http::{StatusCode, header};
use reqwest::Client;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{InsideError, Place, http::client, terminal::say};

/// The first pause before a call is repeated; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// The revision of MCP that is spoken: the one whose messages are the shortest.
const REVISION: &str = "2025-11-25";

/// Why a call did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The token does not work.
    #[error(transparent)]
    Inside(#[from] InsideError),
    /// The tool refused.
    #[error("{message}")]
    Tool {
        /// The code.
        code: String,
        /// The sentence.
        message: String,
    },
}

impl CallError {
    /// Whether the task belongs to somebody else now.
    pub fn is_lease_lost(&self) -> bool {
        matches!(self, Self::Tool { code, .. } if code == "lease_lost" || code == "not_found")
    }
}

/// Calls tools in the agent's name.
#[derive(Debug, Clone)]
pub struct Tools {
    http: Client,
    place: Place,
}

/// What `tools/call` answers.
#[derive(Deserialize)]
struct Message {
    result: Option<ToolResult>,
    error: Option<Fault>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolResult {
    #[serde(default)]
    structured_content: Value,
    #[serde(default)]
    is_error: bool,
    #[serde(default)]
    content: Vec<Text>,
}

#[derive(Deserialize)]
struct Text {
    #[serde(default)]
    text: String,
}

/// Why a tool, or the protocol, refused.
#[derive(Deserialize)]
struct Fault {
    #[serde(default)]
    code: Value,
    message: String,
    #[serde(default)]
    retryable: bool,
}

/// What one try came to.
enum Tried {
    Answered(Value),
    Failed(CallError),
    /// Worth another try; why the last one was not.
    Again(String),
}

impl Tools {
    /// Ready to call. Says at once what is missing.
    pub fn new(place: Place) -> Result<Self, InsideError> {
        place.endpoint()?;
        place.token()?;
        Ok(Self { http: client()?, place })
    }

    /// Calls a tool until there is an answer.
    pub async fn call<T: DeserializeOwned>(&self, tool: Tool, arguments: &Value) -> Result<T, CallError> {
        let mut pause = FIRST_PAUSE;
        let mut told = false;
        loop {
            match self.try_once(tool, arguments).await? {
                Tried::Answered(data) => {
                    if told {
                        say("AiWorker answers again.");
                    }
                    return serde_json::from_value(data).map_err(|error| CallError::Tool {
                        code: "internal".into(),
                        message: format!("{tool} answered something unknown: {error}. Is the agent's image too old?"),
                    });
                }
                Tried::Failed(error) => return Err(error),
                Tried::Again(why) => {
                    // A single pause is a restart, which interests nobody.
                    if !told && pause > FIRST_PAUSE * 4 {
                        say(&format!("AiWorker does not answer ({why}); trying again until it does."));
                        told = true;
                    }
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn try_once(&self, tool: Tool, arguments: &Value) -> Result<Tried, InsideError> {
        let request = self.http.post(self.place.endpoint()?.clone());
        let request = request
            .header(header::AUTHORIZATION, self.place.authorization()?)
            .header(header::ACCEPT, "application/json, text/event-stream")
            .header("mcp-protocol-version", REVISION);
        let params = json!({ "name": tool.as_str(), "arguments": arguments });
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let response = match request.json(&message).send().await {
            Ok(response) => response,
            Err(error) => return Ok(Tried::Again(error.without_url().to_string())),
        };
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED {
            return Err(InsideError::Refused);
        }
        let again = Tried::Again(format!("status {}", status.as_u16()));
        if is_passing(status) {
            return Ok(again);
        }
        Ok(response.json::<Message>().await.map_or(again, outcome))
    }
}

fn outcome(message: Message) -> Tried {
    let fault = match message {
        Message { result: Some(result), .. } if !result.is_error => return Tried::Answered(result.structured_content),
        Message { result: Some(result), .. } => {
            let text = result.content.into_iter().next().map(|content| content.text).unwrap_or_default();
            serde_json::from_str(&text).unwrap_or(Fault { code: Value::Null, message: text, retryable: false })
        }
        Message { error: Some(fault), .. } => fault,
        Message { .. } => return Tried::Again("it answered without a message".to_owned()),
    };
    if fault.retryable {
        return Tried::Again(fault.message);
    }
    let code = fault.code.as_str().map_or_else(|| fault.code.to_string(), str::to_owned);
    Tried::Failed(CallError::Tool { code, message: fault.message })
}

/// Whether the same call may succeed later.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
}
