//! Projects: what tasks and agents belong to.

use serde::{Deserialize, Serialize};

use crate::{
    ProjectId, Timestamp,
    validate::{self, Checker, Invalid},
};

/// Largest limit of agents that hold tasks of a project.
pub const WORKING_LIMIT_MAX: u32 = 10_000;

/// A body of work with its repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Project {
    /// The project's id.
    pub id: ProjectId,
    /// Its name, unique among its owner's projects.
    pub name: String,
    /// Where agents clone from, if anywhere.
    pub repository_url: Option<String>,
    /// The branch agents start from.
    pub default_branch: String,
    /// What new agents of this project run in their terminal; empty means a shell.
    pub start_command: String,
    /// How many agents may hold tasks of this project at one time; nothing means any number.
    #[serde(default)]
    pub working_limit: Option<u32>,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub updated_at: Timestamp,
}

/// What a person fills in to make a project.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewProject {
    /// Its name.
    pub name: String,
    /// Where agents clone from; nothing or empty means nowhere.
    #[serde(default)]
    pub repository_url: Option<String>,
    /// The branch agents start from; `main` unless said.
    #[serde(default)]
    pub default_branch: Option<String>,
    /// What new agents run in their terminal; a shell unless said.
    #[serde(default)]
    pub start_command: Option<String>,
    /// How many agents may hold tasks of it at one time; nothing or 0 means any number.
    #[serde(default)]
    pub working_limit: Option<u32>,
}

impl NewProject {
    /// The input in its stored form, or what is wrong with it.
    pub fn validate(self) -> Result<Self, Invalid> {
        let mut checker = Checker::default();
        let name = checker.check("name", validate::project_name(&self.name));
        let repository_url = checker
            .check("repository_url", validate::repository_url(self.repository_url.as_deref().unwrap_or_default()));
        let default_branch =
            checker.check("default_branch", validate::branch(self.default_branch.as_deref().unwrap_or_default()));
        let start_command =
            checker.check("start_command", validate::start_command(self.start_command.as_deref().unwrap_or_default()));
        let working_limit = self.working_limit.filter(|limit| *limit > 0);
        let working_limit = checker.check(
            "working_limit",
            match working_limit {
                Some(limit) if limit > WORKING_LIMIT_MAX => {
                    Err(format!("Choose at most {WORKING_LIMIT_MAX}, or 0 for any number."))
                }
                other => Ok(other),
            },
        );
        checker.finish(Self {
            name,
            repository_url,
            default_branch: Some(default_branch),
            start_command: Some(start_command),
            working_limit,
        })
    }
}

/// What a person changes of a project; what is left out stays. An empty `repository_url` removes the repository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProjectPatch {
    /// A new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A new repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_url: Option<String>,
    /// A new branch to start from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_branch: Option<String>,
    /// A new start command for new agents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_command: Option<String>,
    /// How many agents may hold tasks of it at one time; 0 means any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_limit: Option<u32>,
}

impl ProjectPatch {
    /// The project as this patch leaves it, or what is wrong with the patch. `updated_at` is the caller's to set.
    pub fn apply(self, project: &Project) -> Result<Project, Invalid> {
        let merged = NewProject {
            name: self.name.unwrap_or_else(|| project.name.clone()),
            repository_url: self.repository_url.or_else(|| project.repository_url.clone()),
            default_branch: Some(self.default_branch.unwrap_or_else(|| project.default_branch.clone())),
            start_command: Some(self.start_command.unwrap_or_else(|| project.start_command.clone())),
            working_limit: self.working_limit.or(project.working_limit),
        }
        .validate()?;
        Ok(Project {
            name: merged.name,
            repository_url: merged.repository_url,
            default_branch: merged.default_branch.unwrap_or_default(),
            start_command: merged.start_command.unwrap_or_default(),
            working_limit: merged.working_limit,
            ..project.clone()
        })
    }
}
