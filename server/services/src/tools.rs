//! The tools that agents call. Every front door that offers them calls [`Tools::call`].

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use domain::{
    AgentId, Desired, ErrorCode, Task, TaskId,
    tools::{IdempotencyKey, Tool, ToolError},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Inner, Worker,
    caller::Caller,
    error::{Error, Object},
    policy::{self, Action},
    to_the_end,
};

mod ask;
mod claim;
mod instructions;
mod keyed;
mod note;
mod read;
mod report;
mod status;
mod subtask;
mod view;

use keyed::Call;

/// The tools that agents call.
#[derive(Clone)]
pub struct Tools(pub(crate) Arc<Inner>);

impl Tools {
    /// Calls a tool with its arguments. The answer fits the tool's output schema. A call with a key that was used for the
    /// same call before gets the first answer. What a call changes, it changes as a whole or not at all, also when nobody
    /// waits for the answer any more.
    pub async fn call(
        &self,
        worker: &Worker,
        tool: Tool,
        arguments: Value,
        key: Option<IdempotencyKey>,
    ) -> Result<Value, ToolError> {
        let outcome = self.0.call_tool(worker, tool, arguments, key).await;
        outcome.map_err(|error| told(tool, &error))
    }

    /// The caller's agent, so that its owner can call a tool in its place.
    pub async fn in_place_of(&self, caller: &Caller, agent: AgentId) -> Result<Worker, Error> {
        let owner = policy::authorize(caller, Action::CallTool)?;
        let agent = self.0.agent(owner, agent).await?;
        if agent.desired != Desired::Running {
            return Err(Error::InvalidTransition(format!("{} is not running. Start it first.", agent.name)));
        }
        Ok(Worker { agent_id: agent.id, agent_name: agent.name, user_id: agent.user_id, project_id: agent.project_id })
    }
}

/// A call that waits, for as long as this lives.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn new(inner: &'a Inner) -> Self {
        inner.waiting_calls.fetch_add(1, Ordering::Relaxed);
        Self(&inner.waiting_calls)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Inner {
    async fn call_tool(
        self: &Arc<Self>,
        worker: &Worker,
        tool: Tool,
        arguments: Value,
        key: Option<IdempotencyKey>,
    ) -> Result<Value, Error> {
        let call = Call::new(worker, tool, &arguments, key)?;
        // A repeated call is a sign of life, too.
        self.keep_leases(worker).await?;
        if let Some(known) = self.answered(call.as_ref()).await? {
            return self.repeated(worker, tool, known, &arguments).await;
        }
        let (inner, caller, given) = (Arc::clone(self), worker.clone(), arguments.clone());
        let kept = call.clone();
        let outcome = match tool {
            // These two wait, and are cut off while they do; what they change runs to its end by itself.
            Tool::GetNextTask => return answer(self.get_next_task(worker, parse(arguments)?).await?),
            Tool::CheckQuestionResponse => return answer(self.check_question(worker, parse(arguments)?).await?),
            Tool::GetTask => return answer(self.get_task_for(worker, parse(arguments)?).await?),
            Tool::ListMyTasks => return answer(self.list_tasks_for(worker, parse(arguments)?).await?),
            _ => to_the_end(async move { inner.change(&caller, tool, given, kept).await }).await,
        };
        match outcome {
            Ok(done) if tool == Tool::AskUserQuestion => self.repeated(worker, tool, done, &arguments).await,
            Ok(done) => Ok(done),
            // The same call came twice at once, and the other one was faster.
            Err(error) => match self.answered(call.as_ref()).await? {
                Some(known) => self.repeated(worker, tool, known, &arguments).await,
                None => Err(error),
            },
        }
    }

    /// Calls a tool that changes something.
    async fn change(&self, worker: &Worker, tool: Tool, given: Value, call: Option<Call>) -> Result<Value, Error> {
        match tool {
            Tool::UpdateTaskStatus => answer(self.update_status(worker, parse(given)?, call).await?),
            Tool::AskUserQuestion => answer(self.ask_question(worker, parse(given)?, call).await?),
            Tool::CreateSubtask => answer(self.create_subtask(worker, parse(given)?, call).await?),
            Tool::ReportProgress => answer(self.report_progress(worker, parse(given)?, call).await?),
            Tool::AddTaskNote => answer(self.add_note(worker, parse(given)?, call).await?),
            Tool::GetNextTask | Tool::CheckQuestionResponse | Tool::GetTask | Tool::ListMyTasks => {
                Err(Error::internal(format!("{tool} changes nothing here")))
            }
        }
    }

    /// The owner's task, for one of the owner's agents.
    async fn task_for(&self, worker: &Worker, id: &str) -> Result<Task, Error> {
        let id: TaskId = id.parse().map_err(|_| Error::NotFound(Object::Task))?;
        self.store.task(worker.user_id, id).await?.ok_or(Error::NotFound(Object::Task))
    }
}

/// The arguments as the tool takes them. Nothing is the same as an empty object.
fn parse<T: DeserializeOwned>(arguments: Value) -> Result<T, Error> {
    let arguments = if arguments.is_null() { Value::Object(serde_json::Map::new()) } else { arguments };
    if !arguments.is_object() {
        return Err(Error::invalid("arguments", "Give the arguments as an object."));
    }
    serde_json::from_value(arguments).map_err(|error| Error::invalid("arguments", format!("{error}.")))
}

fn answer(output: impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(output).map_err(Error::internal)
}

/// How the agent is told. Internal causes stay in the server's log.
fn told(tool: Tool, error: &Error) -> ToolError {
    let code = error.code();
    match code {
        ErrorCode::NotFound => return ToolError::not_found(),
        ErrorCode::Internal | ErrorCode::Unavailable => {
            tracing::error!(tool = tool.as_str(), error = error as &dyn std::error::Error, "a tool failed");
        }
        _ => {}
    }
    ToolError { fields: error.fields().to_vec(), ..ToolError::new(code, error.public_message()) }
}

#[cfg(test)]
mod tests;
