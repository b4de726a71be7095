//! Questions: what an agent asks a person, and what the person answers.

use serde::{Deserialize, Serialize};

use crate::{
    AgentId, ProjectId, QuestionId, TaskId, Timestamp,
    validate::{self, Checker, Invalid},
};

/// Most prompts of one question.
pub const PROMPTS_MAX: usize = 4;
/// Most options of one prompt.
pub const OPTIONS_MAX: usize = 4;
/// Longest header of a prompt, in characters.
pub const HEADER_MAX: usize = 12;
/// Longest text of a prompt, in characters.
pub const PROMPT_MAX: usize = 500;
/// Longest label of an option, in characters.
pub const LABEL_MAX: usize = 60;
/// Longest description of an option, in characters.
pub const OPTION_DESCRIPTION_MAX: usize = 300;
/// Longest answer in a person's own words, in bytes.
pub const ANSWER_MAX_BYTES: usize = 8 * 1024;
/// Longest time that a question stays open, in seconds: a week.
pub const EXPIRES_IN_MAX: u32 = 604_800;
/// How long a question stays open unless said, in seconds: a day.
pub const EXPIRES_IN_DEFAULT: u32 = 86_400;

/// Where a question is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum QuestionStatus {
    /// Nobody has answered yet.
    Pending,
    /// A person has answered.
    Answered,
    /// Nobody answered in time; `answers` holds the default, if the agent named one.
    Expired,
    /// The answer is not needed any more.
    Cancelled,
}

impl QuestionStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Answered, Self::Expired, Self::Cancelled];

    /// What a person reads.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pending => "Open",
            Self::Answered => "Answered",
            Self::Expired => "Expired",
            Self::Cancelled => "Cancelled",
        }
    }
}

/// An answer to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What the person clicks: 1 to 60 characters, different from the other options.
    pub label: String,
    /// What choosing it means, at most 300 characters.
    #[serde(default)]
    pub description: String,
}

/// One thing that is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// A word or two that name the matter, at most 12 characters.
    #[serde(default)]
    pub header: String,
    /// The question itself, 1 to 500 characters.
    pub question: String,
    /// Up to 4 answers to choose from. Without any, the person writes the answer.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(max = 4)))]
    pub options: Vec<Choice>,
    /// Whether the person may choose several options.
    #[serde(default)]
    pub multi_select: bool,
    /// Whether the person may answer in their own words beside or instead of the options.
    #[serde(default = "yes")]
    pub allow_text: bool,
}

fn yes() -> bool {
    true
}

/// The answer to one prompt.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    /// The labels of the options that were chosen.
    pub selected: Vec<String>,
    /// What was written, if anything.
    pub text: Option<String>,
}

impl Answer {
    /// The answer in one line.
    pub fn sentence(&self) -> String {
        let parts = self.selected.iter().map(String::as_str).chain(self.text.as_deref());
        parts.collect::<Vec<_>>().join(", ")
    }
}

/// What an agent asks a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Question {
    /// The question's id.
    pub id: QuestionId,
    /// The agent that asks.
    pub agent_id: AgentId,
    /// Its name.
    pub agent_name: String,
    /// The project that the agent works on.
    pub project_id: ProjectId,
    /// The task it is about, if it is about one.
    pub task_id: Option<TaskId>,
    /// That task's title.
    pub task_title: Option<String>,
    /// What is asked.
    pub prompts: Vec<Prompt>,
    /// Whether the agent waits for the answer.
    pub blocking: bool,
    /// The option that is taken when nobody answers in time.
    pub default_option: Option<String>,
    /// Where it is on its way.
    pub status: QuestionStatus,
    /// The answers, one for each prompt in order; empty while there are none.
    pub answers: Vec<Answer>,
    /// Who answered.
    pub answered_by: Option<String>,
    /// When it was asked.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub asked_at: Timestamp,
    /// When it stops waiting for an answer.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub expires_at: Timestamp,
    /// When it was answered, expired or was cancelled.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub closed_at: Option<Timestamp>,
}

/// What a person answers: one answer for each prompt, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewAnswers {
    /// The answers.
    pub answers: Vec<Answer>,
}

impl NewAnswers {
    /// The answers in their stored form, or what is wrong with them.
    pub fn validate(self, prompts: &[Prompt]) -> Result<Vec<Answer>, Invalid> {
        if self.answers.len() != prompts.len() {
            return Err(Invalid::field("answers", format!("Give {} answers, one for each question.", prompts.len())));
        }
        let mut checker = Checker::default();
        let pairs = self.answers.into_iter().zip(prompts).enumerate();
        let answers = pairs.map(|(i, (answer, prompt))| checker.check(&format!("answers.{i}"), prompt.accept(answer)));
        let answers = answers.collect();
        checker.finish(answers)
    }
}

impl Prompt {
    /// The prompt in its stored form; complaints name their field below `field`.
    fn validate(self, field: &str, checker: &mut Checker) -> Self {
        let Self { header, question, options, multi_select, allow_text } = self;
        let header = checker.check(&format!("{field}.header"), validate::short_text(&header, HEADER_MAX));
        let question = checker.check(&format!("{field}.question"), validate::text(&question, PROMPT_MAX));
        if options.len() > OPTIONS_MAX {
            let complaint: Result<(), _> = Err(format!("Give at most {OPTIONS_MAX} options."));
            checker.check(&format!("{field}.options"), complaint);
        }
        let mut offered: Vec<Choice> = Vec::new();
        for (i, Choice { label, description }) in options.into_iter().take(OPTIONS_MAX).enumerate() {
            let at = format!("{field}.options.{i}");
            let label = checker.check(&format!("{at}.label"), validate::label(&label, LABEL_MAX));
            let description =
                checker.check(&format!("{at}.description"), validate::short_text(&description, OPTION_DESCRIPTION_MAX));
            if offered.iter().any(|other| other.label == label) {
                let complaint: Result<(), _> = Err("Give every option a label of its own.".into());
                checker.check(&format!("{at}.label"), complaint);
            }
            offered.push(Choice { label, description });
        }
        // A prompt without options can only be answered in words.
        let allow_text = allow_text || offered.is_empty();
        Self { header, question, options: offered, multi_select, allow_text }
    }

    /// The prompts of a question in their stored form.
    pub fn validate_all(prompts: Vec<Self>, checker: &mut Checker) -> Vec<Self> {
        if !(1..=PROMPTS_MAX).contains(&prompts.len()) {
            let complaint: Result<(), _> = Err(format!("Ask 1 to {PROMPTS_MAX} questions."));
            checker.check("questions", complaint);
        }
        let some = prompts.into_iter().take(PROMPTS_MAX).enumerate();
        some.map(|(i, prompt)| prompt.validate(&format!("questions.{i}"), checker)).collect()
    }

    fn accept(&self, answer: Answer) -> Result<Answer, String> {
        let Answer { mut selected, text } = answer;
        let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        // In the order in which they were offered, each once.
        let known = |label: &String| self.options.iter().position(|option| option.label == *label);
        if selected.iter().any(|label| known(label).is_none()) {
            return Err("Choose among the options that were offered.".into());
        }
        selected.sort_by_key(known);
        selected.dedup();
        if !self.multi_select && selected.len() > 1 {
            return Err("Choose one option only.".into());
        }
        if text.is_some() && !self.allow_text {
            return Err("Choose among the options; this question takes no text.".into());
        }
        if text.as_ref().is_some_and(|text| text.len() > ANSWER_MAX_BYTES) {
            return Err(format!("Use at most {} KiB.", ANSWER_MAX_BYTES / 1024));
        }
        if let Some(text) = &text {
            validate::description(text)?;
        }
        if selected.is_empty() && text.is_none() {
            return Err("Choose an option or write an answer.".into());
        }
        Ok(Answer { selected, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(options: &[&str], multi_select: bool, allow_text: bool) -> Prompt {
        let options = options.iter().map(|label| Choice { label: (*label).into(), description: String::new() });
        Prompt {
            header: "Colour".into(),
            question: "Which?".into(),
            options: options.collect(),
            multi_select,
            allow_text,
        }
    }

    fn answer(selected: &[&str], text: Option<&str>) -> Answer {
        Answer { selected: selected.iter().map(|label| (*label).into()).collect(), text: text.map(str::to_owned) }
    }

    #[test]
    fn an_answer_is_what_was_offered_and_nothing_else() {
        let one = prompt(&["red", "blue"], false, false);
        assert_eq!(one.accept(answer(&["blue"], None)), Ok(answer(&["blue"], None)));
        assert!(one.accept(answer(&[], None)).is_err());
        assert!(one.accept(answer(&["green"], None)).is_err());
        assert!(one.accept(answer(&["red", "blue"], None)).is_err());
        assert!(one.accept(answer(&[], Some("green"))).is_err());
        let several = prompt(&["red", "blue"], true, true);
        assert_eq!(several.accept(answer(&["blue", "red", "blue"], Some(" "))), Ok(answer(&["red", "blue"], None)));
        assert_eq!(several.accept(answer(&[], Some(" green "))), Ok(answer(&[], Some("green"))));
        assert!(several.accept(answer(&[], Some("a\u{7}b"))).is_err());
    }

    #[test]
    fn every_prompt_needs_its_answer() {
        let prompts = [prompt(&["a"], false, false), prompt(&[], false, true)];
        let answers = |answers| NewAnswers { answers }.validate(&prompts);
        assert!(answers(vec![answer(&["a"], None)]).is_err());
        assert_eq!(answers(vec![answer(&["a"], None), answer(&[], Some("x"))]).map(|all| all.len()), Ok(2));
    }

    #[test]
    fn prompts_are_bounded_and_their_labels_differ() {
        let complaints = |prompts| {
            let mut checker = Checker::default();
            let prompts = Prompt::validate_all(prompts, &mut checker);
            checker.finish(prompts).map_err(|invalid| invalid.fields[0].field.clone())
        };
        assert_eq!(complaints(vec![]), Err("questions".into()));
        assert_eq!(complaints(vec![prompt(&["a", "a"], false, false)]), Err("questions.0.options.1.label".into()));
        assert_eq!(
            complaints(vec![prompt(&["a", "b", "c", "d", "e"], false, false)]),
            Err("questions.0.options".into())
        );
        let checked = complaints(vec![prompt(&[], false, false)]);
        assert!(checked.is_ok_and(|prompts| prompts[0].allow_text));
    }
}
