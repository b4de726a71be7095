//! `/api/projects/{id}/tasks` and `/api/tasks`.

use axum::extract::State;
use domain::{Event, NewNote, NewTask, ProjectId, Task, TaskId, TaskPatch};
use services::Services;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Created, Done, Envelope, Failures, Reply,
    extract::{Body, PathId, SignedIn},
};
use crate::AppState;

/// The routes of tasks.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(timeline))
        .routes(routes!(note))
}

/// The tasks of a project: urgent ones first, then in the order they were made.
#[utoipa::path(get, path = "/api/projects/{id}/tasks", tag = "Tasks", operation_id = "list_tasks",
    params(("id" = ProjectId, Path, description = "The project.")),
    responses((status = 200, body = Envelope<Vec<Task>>), Failures))]
async fn list(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(project): PathId<ProjectId>,
) -> Reply<Envelope<Vec<Task>>> {
    Ok(Envelope::of(services.tasks().list(&caller, project).await?))
}

/// Makes a task in a project's backlog.
#[utoipa::path(post, path = "/api/projects/{id}/tasks", tag = "Tasks", operation_id = "create_task",
    params(("id" = ProjectId, Path, description = "The project.")),
    request_body = NewTask, responses((status = 201, body = Envelope<Task>), Failures))]
async fn create(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(project): PathId<ProjectId>,
    Body(input): Body<NewTask>,
) -> Reply<Created<Task>> {
    Ok(Created(services.tasks().create(&caller, project, input).await?))
}

/// A task.
#[utoipa::path(get, path = "/api/tasks/{id}", tag = "Tasks", operation_id = "get_task",
    params(("id" = TaskId, Path, description = "The task.")),
    responses((status = 200, body = Envelope<Task>), Failures))]
async fn get(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<TaskId>,
) -> Reply<Envelope<Task>> {
    Ok(Envelope::of(services.tasks().get(&caller, id).await?))
}

/// Changes a task or moves it to another state. What is left out stays as it is.
#[utoipa::path(patch, path = "/api/tasks/{id}", tag = "Tasks", operation_id = "update_task",
    params(("id" = TaskId, Path, description = "The task.")),
    request_body = TaskPatch, responses((status = 200, body = Envelope<Task>), Failures))]
async fn update(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<TaskId>,
    Body(patch): Body<TaskPatch>,
) -> Reply<Envelope<Task>> {
    Ok(Envelope::of(services.tasks().update(&caller, id, patch).await?))
}

/// Deletes a task.
#[utoipa::path(delete, path = "/api/tasks/{id}", tag = "Tasks", operation_id = "delete_task",
    params(("id" = TaskId, Path, description = "The task.")),
    responses((status = 200, body = Envelope<Done>), Failures))]
async fn delete(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<TaskId>,
) -> Reply<Envelope<Done>> {
    services.tasks().delete(&caller, id).await?;
    Ok(Envelope::of(Done::new()))
}

/// What happened to a task, newest last.
#[utoipa::path(get, path = "/api/tasks/{id}/timeline", tag = "Tasks", operation_id = "get_task_timeline",
    params(("id" = TaskId, Path, description = "The task.")),
    responses((status = 200, body = Envelope<Vec<Event>>), Failures))]
async fn timeline(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<TaskId>,
) -> Reply<Envelope<Vec<Event>>> {
    Ok(Envelope::of(services.tasks().timeline(&caller, id).await?))
}

/// Writes a note on a task's timeline. An agent at work on it is told with its next report.
#[utoipa::path(post, path = "/api/tasks/{id}/notes", tag = "Tasks", operation_id = "add_task_note",
    params(("id" = TaskId, Path, description = "The task.")),
    request_body = NewNote, responses((status = 201, body = Envelope<Event>), Failures))]
async fn note(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<TaskId>,
    Body(input): Body<NewNote>,
) -> Reply<Created<Event>> {
    Ok(Created(services.tasks().add_note(&caller, id, input).await?))
}
