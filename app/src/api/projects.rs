//! Projects.

use domain::{NewProject, Project, ProjectId, ProjectPatch};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::context;
use super::fields::Fields;
use crate::error::ApiError;

/// The caller's projects.
#[server(name = ListProjects, prefix = "/_fn", endpoint = "projects/list", input = Fields)]
pub async fn list_projects() -> Result<Vec<Project>, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.projects().list(&caller).await?)
}

/// One project.
#[server(name = GetProject, prefix = "/_fn", endpoint = "projects/get", input = Fields)]
pub async fn get_project(id: ProjectId) -> Result<Project, ApiError> {
    let caller = context::caller()?;
    Ok(context::services()?.projects().get(&caller, id).await?)
}

/// Makes a project.
#[server(name = CreateProject, prefix = "/_fn", endpoint = "projects/create", input = Fields)]
pub async fn create_project(input: NewProject) -> Result<Project, ApiError> {
    let caller = context::caller()?;
    let project = context::services()?.projects().create(&caller, input).await?;
    context::form_goes_to(&format!("/projects/{}", project.id));
    Ok(project)
}

/// Changes a project.
#[server(name = UpdateProject, prefix = "/_fn", endpoint = "projects/update", input = Fields)]
pub async fn update_project(id: ProjectId, input: ProjectPatch) -> Result<Project, ApiError> {
    let caller = context::caller()?;
    let project = context::services()?.projects().update(&caller, id, input).await?;
    context::form_goes_to(&format!("/projects/{id}"));
    Ok(project)
}

/// Deletes a project with its tasks and agents.
#[server(name = DeleteProject, prefix = "/_fn", endpoint = "projects/delete", input = Fields)]
pub async fn delete_project(id: ProjectId) -> Result<(), ApiError> {
    let caller = context::caller()?;
    context::services()?.projects().delete(&caller, id).await?;
    context::form_goes_to("/projects");
    Ok(())
}
