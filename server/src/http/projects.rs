//! `/api/projects`.

use axum::extract::State;
use domain::{NewProject, Project, ProjectId, ProjectPatch};
use services::Services;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Created, Done, Envelope, Failures, Reply,
    extract::{Body, PathId, SignedIn},
};
use crate::AppState;

/// The routes of projects.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update, delete))
}

/// The caller's projects, by name.
#[utoipa::path(get, path = "/api/projects", tag = "Projects", operation_id = "list_projects",
    responses((status = 200, body = Envelope<Vec<Project>>), Failures))]
async fn list(SignedIn(caller): SignedIn, State(services): State<Services>) -> Reply<Envelope<Vec<Project>>> {
    Ok(Envelope::of(services.projects().list(&caller).await?))
}

/// Makes a project.
#[utoipa::path(post, path = "/api/projects", tag = "Projects", operation_id = "create_project",
    request_body = NewProject, responses((status = 201, body = Envelope<Project>), Failures))]
async fn create(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    Body(input): Body<NewProject>,
) -> Reply<Created<Project>> {
    Ok(Created(services.projects().create(&caller, input).await?))
}

/// A project.
#[utoipa::path(get, path = "/api/projects/{id}", tag = "Projects", operation_id = "get_project",
    params(("id" = ProjectId, Path, description = "The project.")),
    responses((status = 200, body = Envelope<Project>), Failures))]
async fn get(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<ProjectId>,
) -> Reply<Envelope<Project>> {
    Ok(Envelope::of(services.projects().get(&caller, id).await?))
}

/// Changes a project. What is left out stays as it is.
#[utoipa::path(patch, path = "/api/projects/{id}", tag = "Projects", operation_id = "update_project",
    params(("id" = ProjectId, Path, description = "The project.")),
    request_body = ProjectPatch, responses((status = 200, body = Envelope<Project>), Failures))]
async fn update(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<ProjectId>,
    Body(patch): Body<ProjectPatch>,
) -> Reply<Envelope<Project>> {
    Ok(Envelope::of(services.projects().update(&caller, id, patch).await?))
}

/// Deletes a project with its tasks. Its agents must be deleted first.
#[utoipa::path(delete, path = "/api/projects/{id}", tag = "Projects", operation_id = "delete_project",
    params(("id" = ProjectId, Path, description = "The project.")),
    responses((status = 200, body = Envelope<Done>), Failures))]
async fn delete(
    SignedIn(caller): SignedIn,
    State(services): State<Services>,
    PathId(id): PathId<ProjectId>,
) -> Reply<Envelope<Done>> {
    services.projects().delete(&caller, id).await?;
    Ok(Envelope::of(Done::new()))
}
