//! Tasks that stay true while one looks at them, and moving them.

use domain::{LiveEvent, ProjectId, Task, TaskId, TaskState};
use leptos::{prelude::*, task::spawn_local};

use super::{live::Live, toasts::Toasts};
use crate::api::tasks::{get_task, list_tasks, move_task};

/// A project's tasks, following the event stream.
pub fn follow_all(project: ProjectId, initial: Vec<Task>) -> RwSignal<Vec<Task>> {
    let tasks = RwSignal::new(initial);
    Live::of_page().listen(move |event| match event {
        LiveEvent::Task(changed) if changed.project_id == project => tasks.update(|tasks| upsert(tasks, changed)),
        LiveEvent::TaskRemoved { id, .. } => tasks.update(|tasks| tasks.retain(|task| task.id != *id)),
        LiveEvent::Resync => spawn_local(async move {
            if let Ok(fresh) = list_tasks(project).await {
                // The page may be gone by now.
                tasks.try_set(fresh);
            }
        }),
        _ => {}
    });
    tasks
}

/// One task that follows the event stream; nothing once it is gone.
pub fn follow_one(initial: Task) -> RwSignal<Option<Task>> {
    let id = initial.id;
    let task = RwSignal::new(Some(initial));
    Live::of_page().listen(move |event| match event {
        LiveEvent::Task(changed) if changed.id == id => task.update(|task| match task {
            Some(known) if known.version > changed.version => {}
            _ => *task = Some((**changed).clone()),
        }),
        LiveEvent::TaskRemoved { id: removed, .. } if *removed == id => task.set(None),
        LiveEvent::Resync => spawn_local(async move {
            if let Ok(fresh) = get_task(id).await {
                task.try_set(Some(fresh));
            }
        }),
        _ => {}
    });
    task
}

/// Shows a task in its new state at once, and back in the old one when the server refuses.
pub fn move_to(tasks: RwSignal<Vec<Task>>, id: TaskId, state: TaskState) {
    let Some(before) = tasks.with_untracked(|tasks| tasks.iter().find(|task| task.id == id).cloned()) else { return };
    let (live, toasts) = (Live::of_page(), Toasts::of_page());
    tasks.update(|tasks| set_state(tasks, id, state));
    spawn_local(async move {
        match move_task(id, state).await {
            Ok(task) => live.tell(&LiveEvent::Task(Box::new(task))),
            Err(error) => {
                tasks.try_update(|tasks| set_state(tasks, id, before.state));
                toasts.failed(&error);
            }
        }
    });
}

fn set_state(tasks: &mut [Task], id: TaskId, state: TaskState) {
    if let Some(task) = tasks.iter_mut().find(|task| task.id == id) {
        task.state = state;
    }
}

/// An event that comes late must not undo a newer one.
fn upsert(tasks: &mut Vec<Task>, changed: &Task) {
    match tasks.iter_mut().find(|task| task.id == changed.id) {
        Some(task) if task.version > changed.version => {}
        Some(task) => *task = changed.clone(),
        None => tasks.push(changed.clone()),
    }
}
