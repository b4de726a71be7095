//! What people did to a task since its agent last said something: the agent's next report is answered with it.

use std::fmt::Write as _;

use domain::{ActorKind, Event, EventKind, QuestionStatus, Subject, Task, TaskState};

use crate::{Inner, Worker, error::Error};

/// Entries of a timeline among which is looked: the newest ones.
const EVENTS_READ: u32 = 100;
/// Most of a note that an agent is told at once. The whole of it stands on the timeline.
const NOTE_TOLD_MAX: usize = 4000;

impl Inner {
    /// What the user wants the worker to know now; nothing when nobody did anything since its last report, or since it took
    /// the task.
    pub(super) async fn instructions(&self, worker: &Worker, task: &Task) -> Result<Option<String>, Error> {
        let events = self.store.events(worker.user_id, Subject::Task(task.id), EVENTS_READ).await?;
        Ok(told(&worker.agent_id.to_string(), &events))
    }
}

/// `events` are in the order in which they happened.
fn told(agent: &str, events: &[Event]) -> Option<String> {
    let is_mark = |event: &Event| {
        let is_own = event.actor.kind == ActorKind::Agent && event.actor.id.as_deref() == Some(agent);
        is_own && matches!(event.kind, EventKind::TaskReported { .. } | EventKind::TaskClaimed { .. })
    };
    let since = events.iter().rposition(is_mark).map_or(0, |mark| mark + 1);
    let by_people = events.iter().skip(since).filter(|event| event.actor.kind == ActorKind::User);
    let sentences: Vec<_> = by_people.filter_map(|event| sentence(&event.actor.name, &event.kind)).collect();
    (!sentences.is_empty()).then(|| sentences.join("\n\n"))
}

fn sentence(who: &str, what: &EventKind) -> Option<String> {
    Some(match what {
        EventKind::TaskNoted { markdown } => {
            let mut text = format!("{who} wrote: {}", &markdown[..markdown.floor_char_boundary(NOTE_TOLD_MAX)]);
            if markdown.len() > NOTE_TOLD_MAX {
                let _ = write!(text, "… (get_task has all of it)");
            }
            text
        }
        EventKind::TaskEdited { fields } => {
            let fields: Vec<_> = fields.iter().map(|field| field.replace('_', " ")).collect();
            format!("{who} changed the task's {}: read it again with get_task.", fields.join(", "))
        }
        // It goes on because a question was answered.
        EventKind::TaskMoved { from: TaskState::NeedsInput, to: TaskState::InProgress } => return None,
        EventKind::TaskMoved { from, to } => {
            let (from, to) = (from.label().to_lowercase(), to.label().to_lowercase());
            format!("{who} moved the task from {from} to {to}.")
        }
        EventKind::QuestionClosed { question_id, status: QuestionStatus::Answered, .. } => {
            format!("{who} answered your question {question_id}: read the answer with check_question_response.")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use domain::{Actor, EventId, Timestamp};
    use uuid::Uuid;

    use super::*;

    fn events(all: &[(ActorKind, &str, EventKind)]) -> Vec<Event> {
        let event = |(kind, name, what): &(ActorKind, &str, EventKind)| Event {
            id: EventId::from_uuid(Uuid::nil()),
            at: Timestamp::UNIX_EPOCH,
            actor: Actor { kind: *kind, id: Some((*name).to_owned()), name: (*name).to_owned() },
            kind: what.clone(),
        };
        all.iter().map(event).collect()
    }

    fn report() -> EventKind {
        EventKind::TaskReported { summary: "painting".into(), percent: None, link: None }
    }

    fn note(text: &str) -> EventKind {
        EventKind::TaskNoted { markdown: text.into() }
    }

    #[test]
    fn an_agent_is_told_what_people_did_since_its_own_last_report() {
        use ActorKind::{Agent, System, User};
        let before = [(User, "ann", note("early")), (Agent, "otter", EventKind::TaskClaimed { epoch: 1 })];
        assert_eq!(told("otter", &events(&before)), None);
        let moved = EventKind::TaskMoved { from: TaskState::InProgress, to: TaskState::NeedsInput };
        let edited = EventKind::TaskEdited { fields: vec!["title".into(), "depends_on".into()] };
        let after = [(User, "ann", note("no red")), (User, "ann", edited), (User, "bob", moved)];
        let others = [(Agent, "otter", note("own")), (Agent, "seal", report()), (System, "AiWorker", note("system"))];
        let all = [before.as_slice(), after.as_slice(), others.as_slice()].concat();
        let expected = "ann wrote: no red\n\n\
                        ann changed the task's title, depends on: read it again with get_task.\n\n\
                        bob moved the task from in progress to needs input.";
        assert_eq!(told("otter", &events(&all)).unwrap(), expected);
        let reported = [all.as_slice(), &[(Agent, "otter", report())]].concat();
        assert_eq!(told("otter", &events(&reported)), None, "once");
    }

    #[test]
    fn a_long_note_is_cut_between_two_characters() {
        let long = note(&"ü".repeat(NOTE_TOLD_MAX));
        let text = told("otter", &events(&[(ActorKind::User, "ann", long)])).unwrap();
        assert!(text.len() < NOTE_TOLD_MAX + 100 && text.ends_with("ü… (get_task has all of it)"), "{text}");
    }
}
