//! Queries on `projects`.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{super::Conn, users};
use crate::{
    DeleteProject,
    rows::project::ProjectRow,
    schema::{agents, projects},
};

pub async fn insert(c: &mut Conn, project: &ProjectRow) -> QueryResult<()> {
    write_tx!(c, async |c| -> QueryResult<_> {
        diesel::insert_into(projects::table).values(project).execute(c).await.map(drop)
    })
    .await
}

pub async fn find(c: &mut Conn, owner: &str, id: &str) -> QueryResult<Option<ProjectRow>> {
    let project = projects::table.find(id).filter(projects::user_id.eq(owner));
    project.select(ProjectRow::as_select()).first(c).await.optional()
}

pub async fn of_user(c: &mut Conn, owner: &str) -> QueryResult<Vec<ProjectRow>> {
    let all = projects::table.filter(projects::user_id.eq(owner)).order(projects::id);
    all.select(ProjectRow::as_select()).load(c).await
}

pub async fn update(c: &mut Conn, project: &ProjectRow) -> QueryResult<bool> {
    write_tx!(c, async |c| -> QueryResult<_> {
        let row = projects::table.find(&project.id).filter(projects::user_id.eq(&project.user_id));
        diesel::update(row).set(project).execute(c).await.map(|rows| rows > 0)
    })
    .await
}

pub async fn delete(c: &mut Conn, owner: &str, id: &str) -> QueryResult<DeleteProject> {
    write_tx!(c, async |c| -> QueryResult<_> {
        // Launches hold the owner too, so none can slip in between the count and the deletion.
        users::lock(c, owner).await?;
        let project = projects::table.find(id).filter(projects::user_id.eq(owner));
        if project.count().get_result::<i64>(c).await? == 0 {
            return Ok(DeleteProject::NotFound);
        }
        if agents::table.filter(agents::project_id.eq(id)).count().get_result::<i64>(c).await? > 0 {
            return Ok(DeleteProject::HasAgents);
        }
        diesel::delete(project).execute(c).await?;
        Ok(DeleteProject::Deleted)
    })
    .await
}
