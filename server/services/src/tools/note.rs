//! `add_task_note`: an agent writes down what must not be lost.

use domain::{
    EventKind, Subject,
    tools::{AddTaskNote, AddTaskNoteOutput, NOTE_MAX_BYTES},
    validate,
};
use store::Work;

use super::Call;
use crate::{Inner, Worker, error::Error};

impl Inner {
    pub(super) async fn add_note(
        &self,
        worker: &Worker,
        input: AddTaskNote,
        call: Option<Call>,
    ) -> Result<AddTaskNoteOutput, Error> {
        let markdown = note(&input.markdown).map_err(|complaint| Error::invalid("markdown", complaint))?;
        let task = self.task_for(worker, &input.task_id).await?;
        let event = self.event(worker.actor(), Subject::Task(task.id), EventKind::TaskNoted { markdown });
        let output = AddTaskNoteOutput { note_id: event.event.id.to_string() };
        let work = Work {
            answered: call.map(|call| call.answered(&output, event.event.at)).transpose()?,
            events: vec![event],
            ..Work::of(worker.user_id)
        };
        self.store.write_work(&work).await?;
        self.publish_task(worker.user_id, &task);
        Ok(output)
    }
}

/// A note in its stored form, or what is wrong with it.
pub(crate) fn note(markdown: &str) -> Result<String, String> {
    let markdown = validate::description(markdown)?;
    match markdown.trim() {
        "" => Err("Write something.".into()),
        text if text.len() > NOTE_MAX_BYTES => Err(format!("Use at most {} KiB.", NOTE_MAX_BYTES / 1024)),
        text => Ok(text.to_owned()),
    }
}
