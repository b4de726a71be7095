//! MCP from standard input and output to the server's HTTP endpoint, for clients that cannot speak HTTP.
//!
//! It understands as little as possible of what it carries: one JSON message per line goes up as one request, and its
//! answer comes down as one line. The endpoint keeps nothing between two calls, so a restart of the server is bridged by
//! sending the same message again.

use std::{collections::HashMap, time::Duration};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep},
};

use super::{InsideError, Place, http::client};

/// How long a message is sent again while the server does not answer. Clients give up after a minute.
const PATIENCE: Duration = Duration::from_secs(50);
/// The first pause before a message is sent again; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Longest line, in bytes. The server refuses larger ones anyway.
const LINE_MAX: usize = 4 * 1024 * 1024;
/// From this revision on, every request says in itself which revision it is of.
const VERSION_KEY: &str = "/params/_meta/io.modelcontextprotocol~1protocolVersion";
/// The JSON-RPC code of a failure on our side.
const INTERNAL_ERROR: i64 = -32603;
/// The JSON-RPC code of a line that is not JSON.
const PARSE_ERROR: i64 = -32700;

/// Carries messages until the input ends and everything is answered.
pub async fn run(
    place: Place,
    mut input: impl AsyncBufRead + Unpin,
    mut output: impl AsyncWrite + Unpin + Send + 'static,
) -> Result<(), InsideError> {
    place.endpoint()?;
    place.token()?;
    let (answers, mut outbox) = mpsc::channel::<Value>(64);
    let writer = tokio::spawn(async move {
        while let Some(answer) = outbox.recv().await {
            let line = format!("{answer}\n");
            if output.write_all(line.as_bytes()).await.is_err() || output.flush().await.is_err() {
                return;
            }
        }
    });
    let mut bridge = Bridge { place, http: client()?, answers, version: None, open: HashMap::new() };
    let mut tasks = JoinSet::new();
    let mut line = String::new();
    loop {
        line.clear();
        // A line that is no UTF-8 ends the session like the end of the input: nothing after it can be trusted.
        let Ok(length) = input.read_line(&mut line).await else { break };
        if length == 0 || line.len() > LINE_MAX {
            break;
        }
        if !line.trim().is_empty() {
            bridge.accept(&line, &mut tasks).await;
        }
    }
    while tasks.join_next().await.is_some() {}
    drop(bridge);
    let _ = writer.await;
    Ok(())
}

struct Bridge {
    place: Place,
    http: Client,
    answers: mpsc::Sender<Value>,
    /// What `initialize` agreed on; later revisions name it in each message.
    version: Option<String>,
    /// Requests that are under way, by id.
    open: HashMap<String, AbortHandle>,
}

impl Bridge {
    async fn accept(&mut self, line: &str, tasks: &mut JoinSet<()>) {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            let answer = error(&Value::Null, PARSE_ERROR, "The line is not JSON.");
            let _ = self.answers.send(answer).await;
            return;
        };
        if message["method"] == "notifications/cancelled" {
            // Closing the connection is how a call is cancelled over HTTP.
            if let Some(task) = self.open.remove(&message["params"]["requestId"].to_string()) {
                task.abort();
            }
            return;
        }
        let trip = Trip {
            place: self.place.clone(),
            http: self.http.clone(),
            version: self.version.clone(),
            message: message.clone(),
        };
        if message["method"] == "initialize" {
            // Everything after it depends on its answer.
            if let Some(answer) = trip.answer().await {
                self.version = answer["result"]["protocolVersion"].as_str().map(str::to_owned);
                let _ = self.answers.send(answer).await;
            }
            return;
        }
        let answers = self.answers.clone();
        let task = tasks.spawn(async move {
            if let Some(answer) = trip.answer().await {
                let _ = answers.send(answer).await;
            }
        });
        self.open.retain(|_, task| !task.is_finished());
        if let Some(id) = message.get("id") {
            self.open.insert(id.to_string(), task);
        }
    }
}

/// One message on its way up, and its answer.
struct Trip {
    place: Place,
    http: Client,
    version: Option<String>,
    message: Value,
}

impl Trip {
    /// The answer to a request; nothing for a notification.
    async fn answer(&self) -> Option<Value> {
        let id = self.message.get("id").filter(|_| self.message.get("method").is_some());
        let outcome = self.send().await;
        let id = id?;
        Some(match outcome {
            Ok(Some(answer)) => answer,
            Ok(None) => error(id, INTERNAL_ERROR, "AiWorker answered without a message."),
            Err(why) => error(id, INTERNAL_ERROR, &why),
        })
    }

    async fn send(&self) -> Result<Option<Value>, String> {
        let end = Instant::now() + PATIENCE;
        let mut pause = FIRST_PAUSE;
        loop {
            let why = match self.send_once().await? {
                Ok(answer) => return Ok(answer),
                Err(why) => why,
            };
            if Instant::now() + pause >= end {
                return Err(format!("AiWorker does not answer: {why}. Make the same call again."));
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Sends it once. The inner error is worth another try.
    async fn send_once(&self) -> Result<Result<Option<Value>, String>, String> {
        let endpoint = self.place.endpoint().map_err(|error| error.to_string())?.clone();
        let authorization = self.place.authorization().map_err(|error| error.to_string())?;
        let request = self.http.post(endpoint).header(header::AUTHORIZATION, authorization).headers(self.headers());
        let response = match request.json(&self.message).send().await {
            Ok(response) => response,
            Err(error) if error.is_timeout() => return Err("AiWorker took too long to answer.".to_owned()),
            Err(error) => return Ok(Err(error.without_url().to_string())),
        };
        let status = response.status();
        match status {
            StatusCode::UNAUTHORIZED => Err(InsideError::Refused.to_string()),
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                Ok(Err(format!("status {}", status.as_u16())))
            }
            StatusCode::ACCEPTED => Ok(Ok(None)),
            _ => match response.json::<Value>().await {
                // Errors of the protocol have a status of their own and are answers like all others.
                Ok(answer) if answer.get("jsonrpc").is_some() => Ok(Ok(Some(answer))),
                Ok(answer) => Err(answer["message"].as_str().unwrap_or("AiWorker refused.").to_owned()),
                Err(_) => Err(format!("AiWorker refused with status {}.", status.as_u16())),
            },
        }
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        let own_version = self.message.pointer(VERSION_KEY).and_then(Value::as_str);
        let mut add = |name: &'static str, value: Option<&str>| {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
                headers.insert(name, value);
            }
        };
        add("mcp-protocol-version", own_version.or(self.version.as_deref()));
        if own_version.is_some() {
            let name = self.message.pointer("/params/name").or_else(|| self.message.pointer("/params/uri"));
            add("mcp-method", self.message["method"].as_str());
            add("mcp-name", name.and_then(Value::as_str));
        }
        headers
    }
}

fn error(id: &Value, code: i64, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}
