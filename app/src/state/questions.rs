//! Questions that stay true while one looks at them, and how many are open.

use domain::{LiveEvent, Question, QuestionId, QuestionStatus, Subject};
use leptos::{prelude::*, task::spawn_local};

use super::live::Live;
use crate::api::questions::list_questions;

/// How many questions wait for an answer, as far as this page knows. The server writes the title when the page's own signals
/// are gone, so this one has to live by itself.
#[derive(Clone)]
pub struct OpenCount(ArcRwSignal<usize>);

/// Provides the count.
pub fn provide() -> OpenCount {
    let count = OpenCount(ArcRwSignal::new(0));
    provide_context(count.clone());
    count
}

impl OpenCount {
    /// The page's title with the count before it.
    pub fn before(&self, title: String) -> String {
        match self.0.get() {
            0 => title,
            number => format!("({number}) {title}"),
        }
    }
}

/// The open questions, following the event stream. Also keeps the count.
pub fn follow_open(initial: Vec<Question>) -> RwSignal<Vec<Question>> {
    let questions = RwSignal::new(initial);
    Live::of_page().listen(move |event| match event {
        LiveEvent::Question(changed) => questions.update(|questions| {
            questions.retain(|question| question.id != changed.id);
            if changed.status == QuestionStatus::Pending {
                questions.push((**changed).clone());
            }
        }),
        LiveEvent::Resync => spawn_local(async move {
            if let Ok(fresh) = list_questions().await {
                // The page may be gone by now.
                questions.try_set(fresh);
            }
        }),
        _ => {}
    });
    if let Some(OpenCount(count)) = use_context() {
        count.set(questions.with_untracked(Vec::len));
        Effect::new(move || count.set(questions.with(Vec::len)));
    }
    questions
}

/// The questions about a task or of an agent, closed ones too, with those that come from now on; newest last.
pub fn follow_some(initial: Vec<Question>, subject: Subject) -> RwSignal<Vec<Question>> {
    let questions = RwSignal::new(initial);
    let belongs = move |question: &Question| match subject {
        Subject::Task(id) => question.task_id == Some(id),
        Subject::Agent(id) => question.agent_id == id,
    };
    Live::of_page().listen(move |event| {
        if let LiveEvent::Question(changed) = event
            && belongs(changed)
        {
            questions.update(|questions| upsert(questions, changed));
        }
    });
    questions
}

/// An event that comes late must not open a question again.
fn upsert(questions: &mut Vec<Question>, changed: &Question) {
    let known: Option<&mut Question> = questions.iter_mut().find(|question| question.id == changed.id);
    match known {
        Some(known) if known.closed_at.is_some() => {}
        Some(known) => *known = changed.clone(),
        None => questions.push(changed.clone()),
    }
}

/// What tells one state of a question from the next, for lists.
pub fn key(question: &Question) -> (QuestionId, bool) {
    (question.id, question.status == QuestionStatus::Pending)
}
