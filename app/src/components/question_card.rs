//! A question of an agent: what is asked, and the form that answers it with a click, several, or in words.

use domain::{LiveEvent, Prompt, Question, QuestionStatus, Subject};
use leptos::prelude::*;

use super::{
    form::{Form, SubmitButton},
    load::when_read,
    skeleton,
    time::Time,
};
use crate::{
    api::questions::AnswerQuestion,
    lean::view,
    state::{live::Live, questions, reading::Reading, toasts::Toasts},
};

/// What was asked about a task or by an agent, closed questions too. Nothing is shown while that is nothing.
pub fn question_section(asked: Reading<Vec<Question>>, subject: Subject) -> AnyView {
    when_read(skeleton::nothing, move || async move {
        let questions = questions::follow_some(asked.get().await?, subject);
        Ok(view! {
            <Show when=move || !questions.with(Vec::is_empty)>
                <section class="section" aria-labelledby="questions">
                    <h2 id="questions">"Questions"</h2>
                    <QuestionList questions />
                </section>
            </Show>
        })
    })
}

/// Some questions, one after the other.
#[component]
pub fn QuestionList(
    /// The questions.
    #[prop(into)]
    questions: Signal<Vec<Question>>,
) -> impl IntoView {
    view! {
        <ul class="questions plain">
            <For each=move || questions.get() key=questions::key let(question)>
                <li><QuestionCard question /></li>
            </For>
        </ul>
    }
}

/// A question.
#[component]
pub fn QuestionCard(
    /// The question.
    question: Question,
) -> impl IntoView {
    let heading = format!("question-{}", question.id);
    let labelled_by = heading.clone();
    let about = question.task_id.zip(question.task_title.clone()).map(|(id, title)| {
        view! { " about " <a href=format!("/tasks/{id}")>{title}</a> }
    });
    let body = if question.status == QuestionStatus::Pending {
        view! { <AnswerForm question=question.clone() /> }
    } else {
        view! { <Exchange question=question.clone() /> }
    };
    view! {
        <article class="question" aria-labelledby=labelled_by>
            <h3 id=heading class="question-head">
                <a href=format!("/agents/{}", question.agent_id)>{question.agent_name}</a>
                " asks"
                {about}
                <span class="quiet">" " <Time at=question.asked_at /></span>
            </h3>
            {body}
        </article>
    }
}

/// What was asked and answered.
#[component]
fn Exchange(question: Question) -> impl IntoView {
    let Question { prompts, answers, status, answered_by, .. } = question;
    let lines = prompts.into_iter().enumerate().map(|(i, prompt)| {
        let answer = answers.get(i).map(domain::Answer::sentence).unwrap_or_default();
        view! { <dt>{prompt.question}</dt> <dd>{answer}</dd> }
    });
    let by = answered_by.map(|name| format!(" by {name}")).unwrap_or_default();
    view! {
        <dl class="facts-list">{lines.collect_view()}</dl>
        <p class="quiet">{status.label()} {by}</p>
    }
}

#[component]
fn AnswerForm(question: Question) -> impl IntoView {
    let (live, toasts) = (Live::of_page(), Toasts::of_page());
    let done = move |answered: Question| {
        live.tell(&LiveEvent::Question(Box::new(answered)));
        toasts.done("Your answer is on its way.");
    };
    let by_click = question.prompts.len() == 1 && question.prompts.iter().all(|prompt| !prompt.multi_select);
    let needs_button = !by_click || question.prompts.iter().any(|prompt| prompt.allow_text);
    let prompts = question.prompts.into_iter().enumerate();
    let prompts = prompts.map(|(number, prompt)| view! { <PromptFields number prompt by_click /> }).collect_view();
    let default = question.default_option.map(|default| {
        view! { <p class="quiet">"Without an answer, it takes “" {default} "” " <Time at=question.expires_at /> "."</p> }
    });
    view! {
        <Form id=format!("answer-{}", question.id) done check=|_: &AnswerQuestion| Ok(())>
            <input type="hidden" name="id" value=question.id.to_string() />
            {prompts}
            {needs_button.then(|| view! { <div class="form-actions"><SubmitButton label="Answer" /></div> })}
            {default}
        </Form>
    }
}

/// One prompt. Where it is the only one and takes one option, a click on that answers.
#[component]
fn PromptFields(number: usize, prompt: Prompt, by_click: bool) -> impl IntoView {
    let Prompt { header, question, options, multi_select, allow_text } = prompt;
    let name = format!("answers[{number}][selected][]");
    let kind = if multi_select { "checkbox" } else { "radio" };
    let options = options.into_iter().map(|option| {
        let (label, name) = (option.label.clone(), name.clone());
        let about = (!option.description.is_empty()).then(|| view! { <span class="quiet">{option.description}</span> });
        if by_click {
            view! { <button type="submit" class="button option" name=name value=label>{option.label} {about}</button> }
        } else {
            view! {
                <label class="option">
                    <input type=kind name=name value=label />
                    <span>{option.label}</span>
                    {about}
                </label>
            }
        }
    });
    let text = format!("answers[{number}][text]");
    let field = if allow_text {
        view! {
            <label class="field">
                <span class="visually-hidden">"Your own words"</span>
                <textarea class="input" name=text rows="2" placeholder="Your own words"></textarea>
            </label>
        }
    } else {
        // Every prompt must have something in the form, or its answer would be taken for the next one's.
        view! { <input type="hidden" name=text value="" /> }
    };
    let header = (!header.is_empty()).then(|| view! { <span class="question-header">{header}</span> " " });
    view! {
        <fieldset class="prompt">
            <legend>{header} {question}</legend>
            <div class="options">{options.collect_view()}</div>
            {field}
        </fieldset>
    }
}
