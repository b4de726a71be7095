//! What a task may wait for: existing tasks of its own project, and never itself, not even by a detour.

use std::collections::{HashMap, HashSet};

use domain::{Task, TaskId};

use crate::error::Error;

/// Checks what `task` names against the tasks of its project as they are stored. Tasks of other projects and tasks that
/// do not exist get the same answer.
pub(crate) fn check(task: &Task, project: &[Task]) -> Result<(), Error> {
    let known: HashMap<TaskId, &Task> = project.iter().map(|other| (other.id, other)).collect();
    if task.depends_on.iter().any(|id| !known.contains_key(id)) {
        return Err(Error::invalid("depends_on", "Name tasks of this project only."));
    }
    if task.parent_id.is_some_and(|id| !known.contains_key(&id)) {
        return Err(Error::invalid("parent_id", "Name a task of this project."));
    }
    match detour(task, &known) {
        Some(first) => {
            let title = known.get(&first).map_or("", |other| other.title.as_str());
            Err(Error::invalid("depends_on", format!("This task would wait for itself by way of “{title}”.")))
        }
        None => Ok(()),
    }
}

/// The first of the task's dependencies from which a path leads back to the task.
fn detour(task: &Task, known: &HashMap<TaskId, &Task>) -> Option<TaskId> {
    task.depends_on.iter().copied().find(|first| {
        let (mut seen, mut open) = (HashSet::new(), vec![*first]);
        while let Some(id) = open.pop() {
            if id == task.id {
                return true;
            }
            if seen.insert(id) {
                open.extend(known.get(&id).into_iter().flat_map(|other| other.depends_on.iter().copied()));
            }
        }
        false
    })
}
