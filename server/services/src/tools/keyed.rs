//! Calls that come twice: because an answer was lost, or because the client is not sure. The second one gets the first
//! answer, which was stored together with what the first one changed.

use std::sync::Arc;

use domain::{
    AgentId, Timestamp,
    tools::{AskUserQuestionOutput, IdempotencyKey, Tool},
};
use serde::Serialize;
use serde_json::Value;
use store::Answered;

use crate::{Inner, Worker, error::Error, secret};

/// The argument by which an agent says itself what the same call is.
const ARGUMENT: &str = "idempotency_key";

/// What tells a call from all others of its agent.
#[derive(Debug, Clone)]
pub(super) struct Call {
    agent_id: AgentId,
    key: String,
    fingerprint: String,
}

impl Call {
    /// The call, if it has a key: the argument's, else the client's.
    pub(super) fn new(
        worker: &Worker,
        tool: Tool,
        arguments: &Value,
        key: Option<IdempotencyKey>,
    ) -> Result<Option<Self>, Error> {
        if tool.hints().read_only || tool == Tool::GetNextTask {
            return Ok(None);
        }
        let explicit = match arguments.get(ARGUMENT) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => {
                let key: IdempotencyKey =
                    text.parse().map_err(|complaint: String| Error::invalid(ARGUMENT, complaint))?;
                Some(key)
            }
            Some(_) => return Err(Error::invalid(ARGUMENT, "Give a text.")),
        };
        // The agent and its client choose theirs apart from each other.
        let explicit = explicit.map(|key| secret::hash(&format!("argument {}", key.as_str())));
        let key = explicit.or_else(|| key.map(|key| secret::hash(&format!("client {}", key.as_str()))));
        Ok(key.map(|key| Self {
            agent_id: worker.agent_id,
            key,
            fingerprint: secret::hash(&format!("{tool} {arguments}")),
        }))
    }

    /// The answer in the form in which it is kept.
    pub(super) fn answered(&self, output: &impl Serialize, at: Timestamp) -> Result<Answered, Error> {
        Ok(Answered {
            agent_id: self.agent_id,
            key: self.key.clone(),
            fingerprint: self.fingerprint.clone(),
            answer: serde_json::to_string(output).map_err(Error::internal)?,
            at,
        })
    }
}

impl Inner {
    /// What the call was answered before.
    pub(super) async fn answered(&self, call: Option<&Call>) -> Result<Option<Value>, Error> {
        let Some(call) = call else { return Ok(None) };
        let Some(known) = self.store.answered_call(call.agent_id, &call.key).await? else { return Ok(None) };
        if known.fingerprint != call.fingerprint {
            return Err(Error::KeyReused);
        }
        serde_json::from_str(&known.answer).map(Some).map_err(Error::internal)
    }

    /// The answer to a repeated call. A question may have been answered since, so that is waited for.
    pub(super) async fn repeated(
        self: &Arc<Self>,
        worker: &Worker,
        tool: Tool,
        known: Value,
        arguments: &Value,
    ) -> Result<Value, Error> {
        if tool != Tool::AskUserQuestion {
            return Ok(known);
        }
        let asked: AskUserQuestionOutput = serde_json::from_value(known).map_err(Error::internal)?;
        super::answer(self.await_asked(worker, asked, super::parse(arguments.clone())?).await?)
    }
}
