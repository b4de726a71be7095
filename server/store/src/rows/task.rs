//! Rows of `tasks` and `task_dependencies`.

use diesel::prelude::*;
use domain::{Lease, Priority, Task, TaskId, task::UnknownName};

use crate::{
    Result, StoreError,
    columns::{corrupt, from_json, id, millis, moment, name_of, named, to_json},
    schema::{leases, tasks},
};

/// A row of `tasks`. An update sets all but the keys, and NULL where there is nothing.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = tasks, primary_key(id, project_id), treat_none_as_null = true)]
pub struct TaskRow {
    pub id: String,
    pub project_id: String,
    pub title: String,
    pub description: String,
    pub state: String,
    pub priority: i32,
    pub parent_id: Option<String>,
    pub result: String,
    pub version: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

/// A row of `leases`: there is one for every task that an agent ever held.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = leases)]
pub struct LeaseRow {
    pub task_id: String,
    pub agent_id: Option<String>,
    pub agent_name: String,
    pub epoch: i64,
    pub claimed_at: i64,
    pub expires_at: Option<i64>,
    pub attempts: i32,
    pub report: Option<String>,
}

/// Which tasks are looked for.
pub struct FilterRow {
    pub project_id: Option<String>,
    pub state: Option<String>,
    pub parent_id: Option<String>,
    /// The priority and id of the last one that was seen.
    pub after: Option<(i32, String)>,
    pub limit: i64,
}

/// A task's row, its lease's, and the ids of the tasks it waits for, in order.
pub struct TaskRows {
    pub task: TaskRow,
    pub lease: Option<LeaseRow>,
    /// How often agents lost the task; stored beside the lease, also when nobody holds it.
    pub attempts: i32,
    pub depends_on: Vec<String>,
}

impl TryFrom<&Task> for TaskRows {
    type Error = StoreError;

    fn try_from(task: &Task) -> Result<Self> {
        let mut depends_on: Vec<_> = task.depends_on.iter().map(TaskId::to_string).collect();
        depends_on.sort_unstable();
        depends_on.dedup();
        let lease = task.lease.as_ref().map(|lease| LeaseRow::new(task, lease)).transpose()?;
        let attempts = task.attempts.try_into().map_err(corrupt("attempts"))?;
        let task = TaskRow {
            id: task.id.to_string(),
            project_id: task.project_id.to_string(),
            title: task.title.clone(),
            description: task.description.clone(),
            state: name_of(&task.state),
            priority: task.priority.rank(),
            parent_id: task.parent_id.map(|id| id.to_string()),
            result: to_json("task result", &task.result)?,
            version: task.version,
            created_at: millis(task.created_at),
            updated_at: millis(task.updated_at),
        };
        Ok(Self { task, lease, attempts, depends_on })
    }
}

impl TryFrom<TaskRows> for Task {
    type Error = StoreError;

    fn try_from(TaskRows { task: row, lease, depends_on, .. }: TaskRows) -> Result<Self> {
        let what = "time of a task";
        let report = lease.as_ref().and_then(|lease| lease.report.as_deref());
        let priority = Priority::from_rank(row.priority)
            .ok_or_else(|| corrupt("task priority")(UnknownName(row.priority.to_string())))?;
        Ok(Self {
            id: id("task id", &row.id)?,
            project_id: id("project id", &row.project_id)?,
            title: row.title,
            description: row.description,
            state: named("task state", &row.state)?,
            priority,
            depends_on: depends_on.iter().map(|text| id("task id", text)).collect::<Result<_>>()?,
            parent_id: row.parent_id.map(|text| id("task id", &text)).transpose()?,
            result: from_json("task result", &row.result)?,
            attempts: lease.as_ref().map_or(Ok(0), |lease| lease.attempts.try_into()).map_err(corrupt("attempts"))?,
            report: report.map(|text| from_json("report", text)).transpose()?,
            lease: lease.as_ref().map(LeaseRow::held).transpose()?.flatten(),
            version: row.version,
            created_at: moment(what, row.created_at)?,
            updated_at: moment(what, row.updated_at)?,
        })
    }
}

impl LeaseRow {
    /// The row of a task that is held.
    fn new(task: &Task, lease: &Lease) -> Result<Self> {
        Ok(Self {
            task_id: task.id.to_string(),
            agent_id: Some(lease.agent_id.to_string()),
            agent_name: lease.agent_name.clone(),
            epoch: lease.epoch,
            claimed_at: millis(lease.claimed_at),
            expires_at: Some(millis(lease.expires_at)),
            attempts: task.attempts.try_into().map_err(corrupt("attempts"))?,
            report: task.report.as_ref().map(|report| to_json("report", report)).transpose()?,
        })
    }

    /// The hold that an agent has, if one does.
    fn held(&self) -> Result<Option<Lease>> {
        let (Some(agent_id), Some(expires_at)) = (&self.agent_id, self.expires_at) else { return Ok(None) };
        let what = "time of a lease";
        Ok(Some(Lease {
            agent_id: id("agent id", agent_id)?,
            agent_name: self.agent_name.clone(),
            epoch: self.epoch,
            claimed_at: moment(what, self.claimed_at)?,
            expires_at: moment(what, expires_at)?,
        }))
    }
}
