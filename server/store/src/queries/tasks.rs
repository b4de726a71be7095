//! Queries on `tasks` and `task_dependencies`.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{super::Conn, timeline};
use crate::{
    rows::{
        event::EventRow,
        task::{TaskRow, TaskRows},
    },
    schema::{projects, task_dependencies, tasks},
};

pub async fn insert(c: &mut Conn, rows: &TaskRows, event: &EventRow) -> QueryResult<()> {
    write_tx!(c, async |c| -> QueryResult<_> {
        diesel::insert_into(tasks::table).values(&rows.task).execute(c).await?;
        insert_dependencies(c, rows).await?;
        timeline::add(c, event).await
    })
    .await
}

async fn insert_dependencies(c: &mut Conn, TaskRows { task, depends_on }: &TaskRows) -> QueryResult<()> {
    for other in depends_on {
        let row = (task_dependencies::task_id.eq(&task.id), task_dependencies::depends_on_id.eq(other));
        diesel::insert_into(task_dependencies::table).values(row).execute(c).await?;
    }
    Ok(())
}

async fn dependencies(c: &mut Conn, id: &str) -> QueryResult<Vec<String>> {
    let edges = task_dependencies::table.filter(task_dependencies::task_id.eq(id));
    edges.select(task_dependencies::depends_on_id).order(task_dependencies::depends_on_id).load(c).await
}

pub async fn find(c: &mut Conn, owner: &str, id: &str) -> QueryResult<Option<TaskRows>> {
    let task = tasks::table.inner_join(projects::table).filter(tasks::id.eq(id)).filter(projects::user_id.eq(owner));
    let Some(task) = task.select(TaskRow::as_select()).first(c).await.optional()? else { return Ok(None) };
    let depends_on = dependencies(c, id).await?;
    Ok(Some(TaskRows { task, depends_on }))
}

pub async fn of_project(c: &mut Conn, owner: &str, project: &str) -> QueryResult<Vec<TaskRows>> {
    let is_theirs = projects::user_id.eq(owner).and(projects::id.eq(project));
    let all = tasks::table.inner_join(projects::table).filter(is_theirs);
    let rows = all.select(TaskRow::as_select()).order((tasks::priority, tasks::id)).load(c).await?;
    let edges: Vec<(String, String)> = task_dependencies::table
        .inner_join(tasks::table.inner_join(projects::table))
        .filter(is_theirs)
        .select((task_dependencies::task_id, task_dependencies::depends_on_id))
        .order((task_dependencies::task_id, task_dependencies::depends_on_id))
        .load(c)
        .await?;
    let mut depends_on: HashMap<String, Vec<String>> = HashMap::new();
    for (task, other) in edges {
        depends_on.entry(task).or_default().push(other);
    }
    let with_edges = |task: TaskRow| TaskRows { depends_on: depends_on.remove(&task.id).unwrap_or_default(), task };
    Ok(rows.into_iter().map(with_edges).collect())
}

pub async fn update(
    c: &mut Conn,
    owner: &str,
    rows: &TaskRows,
    expected_version: i64,
    events: &[EventRow],
) -> QueryResult<bool> {
    write_tx!(c, async |c| -> QueryResult<_> {
        let task = &rows.task;
        let theirs = projects::table.filter(projects::user_id.eq(owner)).select(projects::id);
        let unchanged = tasks::table
            .find(&task.id)
            .filter(tasks::version.eq(expected_version))
            .filter(tasks::project_id.eq_any(theirs));
        if diesel::update(unchanged).set(task).execute(c).await? == 0 {
            return Ok(false);
        }
        if dependencies(c, &task.id).await? != rows.depends_on {
            let old = task_dependencies::table.filter(task_dependencies::task_id.eq(&task.id));
            diesel::delete(old).execute(c).await?;
            insert_dependencies(c, rows).await?;
        }
        for event in events {
            timeline::add(c, event).await?;
        }
        Ok(true)
    })
    .await
}

pub async fn delete(c: &mut Conn, owner: &str, id: &str) -> QueryResult<bool> {
    write_tx!(c, async |c| -> QueryResult<_> {
        let theirs = projects::table.filter(projects::user_id.eq(owner)).select(projects::id);
        let task = tasks::table.find(id).filter(tasks::project_id.eq_any(theirs));
        diesel::delete(task).execute(c).await.map(|rows| rows > 0)
    })
    .await
}
