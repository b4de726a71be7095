//! Queries on `tasks` and `task_dependencies`.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{super::Conn, timeline};
use crate::{
    rows::{
        event::EventRow,
        task::{FilterRow, LeaseRow, TaskRow, TaskRows},
    },
    schema::{leases, projects, task_dependencies, tasks},
};

pub async fn insert(c: &mut Conn, rows: &TaskRows, event: &EventRow) -> QueryResult<()> {
    write_tx!(c, async |c| -> QueryResult<_> {
        add(c, rows).await?;
        timeline::add(c, event).await
    })
    .await
}

/// Adds a task within a transaction.
pub async fn add(c: &mut Conn, rows: &TaskRows) -> QueryResult<()> {
    diesel::insert_into(tasks::table).values(&rows.task).execute(c).await?;
    if let Some(lease) = &rows.lease {
        diesel::insert_into(leases::table).values(lease).execute(c).await?;
    }
    insert_dependencies(c, rows).await
}

async fn insert_dependencies(c: &mut Conn, TaskRows { task, depends_on, .. }: &TaskRows) -> QueryResult<()> {
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
    let all = tasks::table.inner_join(projects::table).left_join(leases::table);
    let task = all.filter(tasks::id.eq(id)).filter(projects::user_id.eq(owner));
    let row: Option<(TaskRow, Option<LeaseRow>)> =
        task.select((TaskRow::as_select(), Option::<LeaseRow>::as_select())).first(c).await.optional()?;
    let Some((task, lease)) = row else { return Ok(None) };
    let depends_on = dependencies(c, id).await?;
    Ok(Some(TaskRows { attempts: lease.as_ref().map_or(0, |lease| lease.attempts), task, lease, depends_on }))
}

/// The task, whoever owns it.
pub async fn find_unscoped(c: &mut Conn, id: &str) -> QueryResult<Option<TaskRows>> {
    let task = tasks::table.left_join(leases::table).filter(tasks::id.eq(id));
    let row: Option<(TaskRow, Option<LeaseRow>)> =
        task.select((TaskRow::as_select(), Option::<LeaseRow>::as_select())).first(c).await.optional()?;
    let Some((task, lease)) = row else { return Ok(None) };
    let depends_on = dependencies(c, id).await?;
    Ok(Some(TaskRows { attempts: lease.as_ref().map_or(0, |lease| lease.attempts), task, lease, depends_on }))
}

/// Those of the tasks that there are, whoever owns them.
pub async fn several(c: &mut Conn, ids: &[&String]) -> QueryResult<HashMap<String, TaskRows>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = tasks::table.left_join(leases::table).filter(tasks::id.eq_any(ids));
    let rows: Vec<(TaskRow, Option<LeaseRow>)> =
        found.select((TaskRow::as_select(), Option::<LeaseRow>::as_select())).load(c).await?;
    let edges = task_dependencies::table.filter(task_dependencies::task_id.eq_any(ids));
    let edges: Vec<(String, String)> = edges
        .select((task_dependencies::task_id, task_dependencies::depends_on_id))
        .order((task_dependencies::task_id, task_dependencies::depends_on_id))
        .load(c)
        .await?;
    Ok(with_edges(rows, edges).map(|rows| (rows.task.id.clone(), rows)).collect())
}

/// Puts the rows together with what they wait for.
fn with_edges(rows: Vec<(TaskRow, Option<LeaseRow>)>, edges: Vec<(String, String)>) -> impl Iterator<Item = TaskRows> {
    let mut depends_on: HashMap<String, Vec<String>> = HashMap::new();
    for (task, other) in edges {
        depends_on.entry(task).or_default().push(other);
    }
    rows.into_iter().map(move |(task, lease)| {
        let depends_on = depends_on.remove(&task.id).unwrap_or_default();
        TaskRows { attempts: lease.as_ref().map_or(0, |lease| lease.attempts), task, lease, depends_on }
    })
}

/// Waits until no other transaction changes this task.
pub async fn lock(c: &mut Conn, id: &str) -> QueryResult<()> {
    diesel::update(tasks::table.find(id)).set(tasks::version.eq(tasks::version)).execute(c).await.map(drop)
}

pub async fn of_project(c: &mut Conn, owner: &str, project: &str) -> QueryResult<Vec<TaskRows>> {
    let is_theirs = projects::user_id.eq(owner).and(projects::id.eq(project));
    let all = tasks::table.inner_join(projects::table).left_join(leases::table).filter(is_theirs);
    let rows: Vec<(TaskRow, Option<LeaseRow>)> = all
        .select((TaskRow::as_select(), Option::<LeaseRow>::as_select()))
        .order((tasks::priority, tasks::id))
        .load(c)
        .await?;
    let edges: Vec<(String, String)> = task_dependencies::table
        .inner_join(tasks::table.inner_join(projects::table))
        .filter(is_theirs)
        .select((task_dependencies::task_id, task_dependencies::depends_on_id))
        .order((task_dependencies::task_id, task_dependencies::depends_on_id))
        .load(c)
        .await?;
    Ok(with_edges(rows, edges).collect())
}

pub async fn update(
    c: &mut Conn,
    owner: &str,
    rows: &TaskRows,
    expected_version: i64,
    events: &[EventRow],
) -> QueryResult<bool> {
    write_tx!(c, async |c| -> QueryResult<_> {
        if !replace(c, owner, rows, expected_version).await? {
            return Ok(false);
        }
        for event in events {
            timeline::add(c, event).await?;
        }
        Ok(true)
    })
    .await
}

/// Replaces the owner's task within a transaction, if its version is still the expected one. One that nobody holds any
/// more has no lease afterwards; the lease of one that is held is left as it is, because renewing it is no new version.
pub async fn replace(c: &mut Conn, owner: &str, rows: &TaskRows, expected_version: i64) -> QueryResult<bool> {
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
    if rows.lease.is_none() {
        release(c, rows).await?;
    }
    Ok(true)
}

async fn release(c: &mut Conn, rows: &TaskRows) -> QueryResult<()> {
    let free =
        (leases::agent_id.eq(None::<String>), leases::expires_at.eq(None::<i64>), leases::attempts.eq(rows.attempts));
    diesel::update(leases::table.find(&rows.task.id)).set(free).execute(c).await.map(drop)
}

/// The owner's tasks that fit, by priority, then oldest first.
pub async fn search(c: &mut Conn, owner: &str, filter: &FilterRow) -> QueryResult<Vec<TaskRows>> {
    let all = tasks::table.inner_join(projects::table).left_join(leases::table);
    let mut found = all
        .filter(projects::user_id.eq(owner))
        .select((TaskRow::as_select(), Option::<LeaseRow>::as_select()))
        .order((tasks::priority, tasks::id))
        .limit(filter.limit)
        .into_boxed();
    if let Some(project) = &filter.project_id {
        found = found.filter(tasks::project_id.eq(project));
    }
    if let Some(state) = &filter.state {
        found = found.filter(tasks::state.eq(state));
    }
    if let Some(parent) = &filter.parent_id {
        found = found.filter(tasks::parent_id.eq(parent));
    }
    if let Some((priority, id)) = &filter.after {
        let later = tasks::priority.eq(priority).and(tasks::id.gt(id));
        found = found.filter(tasks::priority.gt(priority).or(later));
    }
    let rows: Vec<(TaskRow, Option<LeaseRow>)> = found.load(c).await?;
    // Lists do not tell what tasks wait for.
    Ok(rows.into_iter().map(|(task, lease)| TaskRows { attempts: 0, task, lease, depends_on: vec![] }).collect())
}

pub async fn delete(c: &mut Conn, owner: &str, id: &str) -> QueryResult<bool> {
    write_tx!(c, async |c| -> QueryResult<_> {
        let theirs = projects::table.filter(projects::user_id.eq(owner)).select(projects::id);
        let task = tasks::table.find(id).filter(tasks::project_id.eq_any(theirs));
        diesel::delete(task).execute(c).await.map(|rows| rows > 0)
    })
    .await
}
