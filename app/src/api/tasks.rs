//! Tasks, their timelines and their Markdown.

use domain::{AgentId, NewTask, Priority, ProjectId, Task, TaskId, TaskState};
#[cfg(feature = "ssr")]
use domain::{NewNote, TaskPatch};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::context;
use super::fields::Fields;
use super::timeline::Entry;
use crate::error::ApiError;

#[cfg(feature = "ssr")]
mod markdown;

/// A project's tasks.
#[server(name = ListTasks, prefix = "/_fn", endpoint = "tasks/list", input = Fields)]
pub async fn list_tasks(project: ProjectId) -> Result<Vec<Task>, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.tasks().list(&caller, project).await?)
}

/// One task.
#[server(name = GetTask, prefix = "/_fn", endpoint = "tasks/get", input = Fields)]
pub async fn get_task(id: TaskId) -> Result<Task, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.tasks().get(&caller, id).await?)
}

/// The tasks that an agent holds.
#[server(name = AgentTasks, prefix = "/_fn", endpoint = "tasks/held_by", input = Fields)]
pub async fn agent_tasks(id: AgentId) -> Result<Vec<Task>, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.tasks().held_by(&caller, id).await?)
}

/// What happened to a task, oldest first.
#[server(name = TaskTimeline, prefix = "/_fn", endpoint = "tasks/timeline", input = Fields)]
pub async fn task_timeline(id: TaskId) -> Result<Vec<Entry>, ApiError> {
    let caller = context::caller()?;
    let events = context::services()?.tasks().timeline(&caller, id).await?;
    Ok(events.into_iter().map(Entry::from).collect())
}

/// Makes a task in the project's backlog.
#[server(name = CreateTask, prefix = "/_fn", endpoint = "tasks/create", input = Fields)]
pub async fn create_task(project: ProjectId, input: NewTask) -> Result<Task, ApiError> {
    let caller = context::caller()?;
    let task = context::services()?.tasks().create(&caller, project, input).await?;
    context::form_goes_to(&format!("/projects/{project}"));
    Ok(task)
}

/// Changes what a task says. Everything is sent, so that a form that lists no dependencies removes them.
#[server(name = EditTask, prefix = "/_fn", endpoint = "tasks/edit", input = Fields)]
pub async fn edit_task(
    id: TaskId,
    version: i64,
    title: String,
    description: String,
    priority: Priority,
    #[server(default)] depends_on: Vec<TaskId>,
) -> Result<Task, ApiError> {
    let caller = context::caller()?;
    let (title, description, priority) = (Some(title), Some(description), Some(priority));
    let (depends_on, version) = (Some(depends_on), Some(version));
    let patch = TaskPatch { title, description, priority, depends_on, version, ..TaskPatch::default() };
    let task = context::services()?.tasks().update(&caller, id, patch).await?;
    context::form_goes_to(&format!("/tasks/{id}"));
    Ok(task)
}

/// Moves a task to another state.
#[server(name = MoveTask, prefix = "/_fn", endpoint = "tasks/move", input = Fields)]
pub async fn move_task(id: TaskId, state: TaskState) -> Result<Task, ApiError> {
    let caller = context::caller()?;
    let patch = TaskPatch { state: Some(state), ..TaskPatch::default() };
    let task = context::services()?.tasks().update(&caller, id, patch).await?;
    context::form_goes_to(&format!("/tasks/{id}"));
    Ok(task)
}

/// Writes a note on a task's timeline, which its agent is told of.
#[server(name = NoteTask, prefix = "/_fn", endpoint = "tasks/note", input = Fields)]
pub async fn note_task(id: TaskId, markdown: String) -> Result<(), ApiError> {
    let caller = context::caller()?;
    context::services()?.tasks().add_note(&caller, id, NewNote { markdown }).await?;
    context::form_goes_to(&format!("/tasks/{id}"));
    Ok(())
}

/// Deletes a task.
#[server(name = DeleteTask, prefix = "/_fn", endpoint = "tasks/delete", input = Fields)]
pub async fn delete_task(id: TaskId, project: ProjectId) -> Result<(), ApiError> {
    let caller = context::caller()?;
    context::services()?.tasks().delete(&caller, id).await?;
    context::form_goes_to(&format!("/projects/{project}"));
    Ok(())
}

/// Markdown as HTML that is safe to show.
#[server(name = RenderMarkdown, prefix = "/_fn", endpoint = "tasks/render_markdown", input = Fields)]
pub async fn render_markdown(text: String) -> Result<String, ApiError> {
    context::caller()?;
    let text = domain::validate::description(&text).map_err(|m| domain::Invalid::field("description", m))?;
    Ok(markdown::to_safe_html(&text))
}
