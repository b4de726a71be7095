//! Use cases of projects.

use std::sync::Arc;

use domain::{AuditAction, Desired, NewProject, Outcome, Project, ProjectId, ProjectPatch};
use store::{DeleteProject, StoreError};

use crate::{
    Inner,
    caller::Caller,
    error::{Error, Object},
    policy::{self, Action, Owner},
    to_the_end,
};

/// Most agents that a sentence names; the others are counted.
const NAMED_AGENTS: usize = 5;

/// Use cases of projects.
#[derive(Clone)]
pub struct Projects(pub(crate) Arc<Inner>);

impl Projects {
    /// Makes a project of the caller's.
    pub async fn create(&self, caller: &Caller, input: NewProject) -> Result<Project, Error> {
        let owner = policy::authorize(caller, Action::CreateProject)?;
        let NewProject { name, repository_url, default_branch, start_command, working_limit } = input.validate()?;
        let (id, now) = self.0.ids.next();
        let project = Project {
            id: ProjectId::from_uuid(id),
            name,
            repository_url,
            default_branch: default_branch.unwrap_or_default(),
            start_command: start_command.unwrap_or_default(),
            working_limit,
            created_at: now,
            updated_at: now,
        };
        self.0.store.insert_project(owner.id(), &project).await.map_err(name_taken)?;
        Ok(project)
    }

    /// The caller's projects, oldest first.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Project>, Error> {
        let owner = policy::authorize(caller, Action::ReadProject)?;
        Ok(self.0.store.projects(owner.id()).await?)
    }

    /// The caller's project.
    pub async fn get(&self, caller: &Caller, id: ProjectId) -> Result<Project, Error> {
        let owner = policy::authorize(caller, Action::ReadProject)?;
        self.0.project(owner, id).await
    }

    /// Changes the caller's project. Agents that already exist keep what they were launched with.
    pub async fn update(&self, caller: &Caller, id: ProjectId, patch: ProjectPatch) -> Result<Project, Error> {
        let owner = policy::authorize(caller, Action::UpdateProject)?;
        let before = self.0.project(owner, id).await?;
        let mut after = patch.apply(&before)?;
        if after == before {
            return Ok(before);
        }
        after.updated_at = self.0.clock.now();
        if self.0.store.update_project(owner.id(), &after).await.map_err(name_taken)? {
            // More agents may be let at its tasks now.
            self.0.ring(owner.id());
            Ok(after)
        } else {
            Err(Error::NotFound(Object::Project))
        }
    }

    /// Deletes the caller's project with its tasks. Refused while it has agents: deleting them ends work that may not
    /// be saved anywhere else, so that is asked for one by one.
    pub async fn delete(&self, caller: &Caller, id: ProjectId) -> Result<(), Error> {
        let owner = policy::authorize(caller, Action::DeleteProject)?;
        let (inner, caller) = (Arc::clone(&self.0), caller.clone());
        to_the_end(async move {
            match inner.store.delete_project(owner.id(), id).await? {
                DeleteProject::Deleted => {
                    inner.audit(&caller, AuditAction::DeleteProject, Some(id.to_string()), Outcome::Ok).await;
                    Ok(())
                }
                DeleteProject::NotFound => Err(Error::NotFound(Object::Project)),
                DeleteProject::HasAgents => Err(inner.refuse_with_agents(owner, id).await?),
            }
        })
        .await
    }
}

impl Inner {
    /// The owner's project, or the one answer for every other id.
    pub(crate) async fn project(&self, owner: Owner, id: ProjectId) -> Result<Project, Error> {
        self.store.project(owner.id(), id).await?.ok_or(Error::NotFound(Object::Project))
    }

    async fn refuse_with_agents(&self, owner: Owner, id: ProjectId) -> Result<Error, Error> {
        let mut agents = self.store.agents(owner.id()).await?;
        agents.retain(|agent| agent.project_id == id);
        let (leaving, staying): (Vec<_>, Vec<_>) = agents.iter().partition(|agent| agent.desired == Desired::Deleted);
        let names = |agents: &[&domain::Agent]| sentence_list(agents.iter().map(|agent| agent.name.as_str()));
        Ok(Error::InvalidTransition(if staying.is_empty() {
            format!("The agents of this project are still being deleted: {}. Try again in a moment.", names(&leaving))
        } else {
            format!("This project still has agents: {}. Delete them first.", names(&staying))
        }))
    }
}

fn sentence_list<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = names.len().saturating_sub(NAMED_AGENTS);
    let list = names.take(NAMED_AGENTS).collect::<Vec<_>>().join(", ");
    if more == 0 { list } else { format!("{list} and {more} more") }
}

fn name_taken(error: StoreError) -> Error {
    match error {
        StoreError::Conflict(_) => Error::name_taken("name", "You already have a project with this name."),
        other => other.into(),
    }
}
