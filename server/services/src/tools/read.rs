//! `get_task` and `list_my_tasks`: looking without touching.

use domain::{
    EventKind, Priority, Subject, TaskId,
    tools::{GetTask, GetTaskOutput, LIST_MAX, ListMyTasks, ListMyTasksOutput, NoteView},
};
use store::TaskFilter;

use super::view;
use crate::{
    Inner, Worker,
    error::{Error, Object},
};

/// Entries of a timeline among which notes are looked for: the newest ones.
const EVENTS_READ: u32 = 200;
/// Notes and reports that an agent is told: the newest ones.
const NOTES_SHOWN: usize = 20;
/// Tasks of a list, unless said.
const LIST_DEFAULT: u32 = 20;

impl Inner {
    pub(super) async fn get_task_for(&self, worker: &Worker, input: GetTask) -> Result<GetTaskOutput, Error> {
        let task = self.task_for(worker, &input.task_id).await?;
        let parts = TaskFilter { parent_id: Some(task.id), limit: LIST_MAX, ..TaskFilter::default() };
        let parts = self.store.find_tasks(worker.user_id, &parts).await?;
        let events = self.store.events(worker.user_id, Subject::Task(task.id), EVENTS_READ).await?;
        let mut notes: Vec<_> = events
            .into_iter()
            .filter_map(|event| {
                let markdown = match event.kind {
                    EventKind::TaskNoted { markdown } => markdown,
                    EventKind::TaskReported { summary, .. } => summary,
                    _ => return None,
                };
                Some(NoteView { by: event.actor.name, at: event.at, markdown })
            })
            .collect();
        let notes = notes.split_off(notes.len().saturating_sub(NOTES_SHOWN));
        Ok(GetTaskOutput {
            lease: view::lease_of(worker, &task),
            subtasks: parts.iter().map(|part| view::summary(worker, part)).collect(),
            notes,
            questions: self.question_views(worker, &task).await?,
            task: self.view(worker, &task).await?,
        })
    }

    pub(super) async fn list_tasks_for(&self, worker: &Worker, input: ListMyTasks) -> Result<ListMyTasksOutput, Error> {
        let ListMyTasks { project_id, state, parent_task_id, limit, cursor } = input;
        let limit @ 1..=LIST_MAX = limit.unwrap_or(LIST_DEFAULT) else {
            return Err(Error::invalid("limit", format!("Choose between 1 and {LIST_MAX}.")));
        };
        let parent_id = match parent_task_id {
            Some(id) => Some(self.task_for(worker, &id).await?.id),
            None => None,
        };
        let after = match cursor {
            Some(cursor) => Some(read_cursor(&cursor).ok_or(Error::NotFound(Object::Task))?),
            None => None,
        };
        let project_id = self.project_for(worker, project_id.as_deref()).await?;
        // One more than asked for tells whether there are more.
        let filter = TaskFilter { project_id, state, parent_id, after, limit: limit + 1 };
        let mut tasks = self.store.find_tasks(worker.user_id, &filter).await?;
        let has_more = tasks.len() > limit as usize;
        tasks.truncate(limit as usize);
        let last = tasks.last().filter(|_| has_more);
        let next_cursor = last.map(|task| format!("{}.{}", task.priority.rank(), task.id));
        Ok(ListMyTasksOutput { tasks: tasks.iter().map(|task| view::summary(worker, task)).collect(), next_cursor })
    }
}

fn read_cursor(text: &str) -> Option<(Priority, TaskId)> {
    let (rank, id) = text.split_once('.')?;
    Some((Priority::from_rank(rank.parse().ok()?)?, id.parse().ok()?))
}
