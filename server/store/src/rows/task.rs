//! Rows of `tasks` and `task_dependencies`.

use diesel::prelude::*;
use domain::{Priority, Task, TaskId, task::UnknownName};

use crate::{
    Result, StoreError,
    columns::{corrupt, from_json, id, millis, moment, name_of, named, to_json},
    schema::tasks,
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

/// A task's row and the ids of the tasks it waits for, in order.
pub struct TaskRows {
    pub task: TaskRow,
    pub depends_on: Vec<String>,
}

impl TryFrom<&Task> for TaskRows {
    type Error = StoreError;

    fn try_from(task: &Task) -> Result<Self> {
        let mut depends_on: Vec<_> = task.depends_on.iter().map(TaskId::to_string).collect();
        depends_on.sort_unstable();
        depends_on.dedup();
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
        Ok(Self { task, depends_on })
    }
}

impl TryFrom<TaskRows> for Task {
    type Error = StoreError;

    fn try_from(TaskRows { task: row, depends_on }: TaskRows) -> Result<Self> {
        let what = "time of a task";
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
            version: row.version,
            created_at: moment(what, row.created_at)?,
            updated_at: moment(what, row.updated_at)?,
        })
    }
}
