//! What people did to a task since its agent last said something: the agent's next report is answered with it.

use std::{collections::HashSet, fmt::Write as _};

use domain::{ActorKind, Event, EventId, EventKind, QuestionStatus, Subject, Task, TaskState};

use crate::{Inner, Worker, error::Error};

/// Entries of a timeline among which is looked: the newest ones.
const EVENTS_READ: u32 = 100;
/// Most of a note that an agent is told at once. The whole of it stands on the timeline.
const NOTE_TOLD_MAX: usize = 4000;

/// What people did, to be told to an agent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Instructions {
    /// What they did, as sentences.
    sentences: Vec<String>,
    /// The entries of the timeline that say so.
    pub events: Vec<EventId>,
}

impl Instructions {
    /// All of it; nothing when nobody did anything.
    pub fn text(&self) -> Option<String> {
        (!self.sentences.is_empty()).then(|| self.sentences.join("\n\n"))
    }
}

impl Inner {
    /// What the user wants the worker to know now: what was done since it took the task, and not told it yet.
    pub(super) async fn instructions(&self, worker: &Worker, task: &Task) -> Result<Instructions, Error> {
        let events = self.store.events(worker.user_id, Subject::Task(task.id), EVENTS_READ).await?;
        Ok(untold(&worker.agent_id.to_string(), &events))
    }
}

/// `events` are in the order of their ids. That is nearly the order in which they happened: what another server writes may find a place
/// before a report that did not know of it. So a report says what it told.
fn untold(agent: &str, events: &[Event]) -> Instructions {
    let is_own = |event: &&Event| event.actor.kind == ActorKind::Agent && event.actor.id.as_deref() == Some(agent);
    let is_mark = |event: &Event| {
        is_own(&event)
            && matches!(event.kind, EventKind::TaskReported { told: None, .. } | EventKind::TaskClaimed { .. })
    };
    let since = events.iter().rposition(is_mark).map_or(0, |mark| mark + 1);
    let told: HashSet<&EventId> = events
        .iter()
        .filter(is_own)
        .filter_map(|event| match &event.kind {
            EventKind::TaskReported { told, .. } => told.as_ref(),
            _ => None,
        })
        .flatten()
        .collect();
    let mut untold = Instructions::default();
    for event in events.iter().skip(since) {
        if event.actor.kind == ActorKind::User
            && !told.contains(&event.id)
            && let Some(sentence) = sentence(&event.actor.name, &event.kind)
        {
            untold.sentences.push(sentence);
            untold.events.push(event.id);
        }
    }
    untold
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
    use domain::{Actor, Timestamp};
    use uuid::Uuid;

    use super::*;

    /// Each with the number of its place as its id.
    fn events(all: &[(ActorKind, &str, EventKind)]) -> Vec<Event> {
        let event = |(number, (kind, name, what)): (usize, &(ActorKind, &str, EventKind))| Event {
            id: id(number),
            at: Timestamp::UNIX_EPOCH,
            actor: Actor { kind: *kind, id: Some((*name).to_owned()), name: (*name).to_owned() },
            kind: what.clone(),
        };
        all.iter().enumerate().map(event).collect()
    }

    fn id(number: usize) -> EventId {
        EventId::from_uuid(Uuid::from_u128(number as u128))
    }

    fn report(told: Option<&[usize]>) -> EventKind {
        let told = told.map(|told| told.iter().copied().map(id).collect());
        EventKind::TaskReported { summary: "painting".into(), percent: None, link: None, told }
    }

    fn note(text: &str) -> EventKind {
        EventKind::TaskNoted { markdown: text.into() }
    }

    fn text(all: &[(ActorKind, &str, EventKind)]) -> Option<String> {
        untold("otter", &events(all)).text()
    }

    #[test]
    fn an_agent_is_told_once_what_people_did_since_it_took_the_task() {
        use ActorKind::{Agent, System, User};
        let before = [(User, "ann", note("early")), (Agent, "otter", EventKind::TaskClaimed { epoch: 1 })];
        assert_eq!(text(&before), None);
        let moved = EventKind::TaskMoved { from: TaskState::InProgress, to: TaskState::NeedsInput };
        let edited = EventKind::TaskEdited { fields: vec!["title".into(), "depends_on".into()] };
        let after = [(User, "ann", note("no red")), (User, "ann", edited), (User, "bob", moved)];
        let others =
            [(Agent, "otter", note("own")), (Agent, "seal", report(None)), (System, "AiWorker", note("system"))];
        let all = [before.as_slice(), after.as_slice(), others.as_slice()].concat();
        let expected = "ann wrote: no red\n\n\
                        ann changed the task's title, depends on: read it again with get_task.\n\n\
                        bob moved the task from in progress to needs input.";
        assert_eq!(text(&all).unwrap(), expected);
        let told = untold("otter", &events(&all)).events;
        assert_eq!(told, [id(2), id(3), id(4)]);
        let reported = [all.as_slice(), &[(Agent, "otter", report(Some(&[2, 3, 4])))]].concat();
        assert_eq!(text(&reported), None, "once");
        let by_another = [all.as_slice(), &[(Agent, "seal", report(Some(&[2, 3, 4])))]].concat();
        assert_eq!(text(&by_another).unwrap(), expected, "to each agent");
    }

    #[test]
    fn what_finds_a_place_before_a_report_that_did_not_know_of_it_is_told_by_the_next_one() {
        use ActorKind::{Agent, User};
        let claimed = (Agent, "otter", EventKind::TaskClaimed { epoch: 1 });
        let late = (User, "ann", note("no red"));
        assert_eq!(
            text(&[claimed.clone(), late.clone(), (Agent, "otter", report(Some(&[])))]).unwrap(),
            "ann wrote: no red"
        );
        // A report from before it said what it told.
        assert_eq!(text(&[claimed, late, (Agent, "otter", report(None))]), None);
    }

    #[test]
    fn a_long_note_is_cut_between_two_characters() {
        let long = note(&"ü".repeat(NOTE_TOLD_MAX));
        let text = text(&[(ActorKind::User, "ann", long)]).unwrap();
        assert!(text.len() < NOTE_TOLD_MAX + 100 && text.ends_with("ü… (get_task has all of it)"), "{text}");
    }
}
