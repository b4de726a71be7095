//! Rows of `projects`.

use diesel::prelude::*;
use domain::{Project, UserId};

use crate::{
    Result, StoreError,
    columns::{corrupt, id, millis, moment},
    schema::projects,
};

/// A row of `projects`. An update sets all but the keys, and NULL where there is nothing.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = projects, primary_key(id, user_id), treat_none_as_null = true)]
pub struct ProjectRow {
    pub id: String,
    pub user_id: String,
    pub name: String,
    pub repository_url: Option<String>,
    pub default_branch: String,
    pub start_command: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub working_limit: Option<i32>,
}

impl ProjectRow {
    /// The row of a user's project.
    pub fn new(owner: UserId, project: &Project) -> Self {
        let Project { id, name, repository_url, default_branch, start_command, working_limit, created_at, updated_at } =
            project.clone();
        Self {
            id: id.to_string(),
            user_id: owner.to_string(),
            name,
            repository_url,
            default_branch,
            start_command,
            created_at: millis(created_at),
            updated_at: millis(updated_at),
            // Validation keeps it far below.
            working_limit: working_limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX)),
        }
    }
}

impl TryFrom<ProjectRow> for Project {
    type Error = StoreError;

    fn try_from(row: ProjectRow) -> Result<Self> {
        let what = "time of a project";
        Ok(Self {
            id: id("project id", &row.id)?,
            name: row.name,
            repository_url: row.repository_url,
            default_branch: row.default_branch,
            start_command: row.start_command,
            working_limit: row.working_limit.map(u32::try_from).transpose().map_err(corrupt("working limit"))?,
            created_at: moment(what, row.created_at)?,
            updated_at: moment(what, row.updated_at)?,
        })
    }
}
