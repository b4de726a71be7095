//! `add_task_note`: an agent writes down what must not be lost.

use domain::{
    EventKind, Subject,
    tools::{AddTaskNote, AddTaskNoteOutput},
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
        let markdown = validate::note(&input.markdown).map_err(|complaint| Error::invalid("markdown", complaint))?;
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
