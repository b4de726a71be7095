//! How far the start of an agent has come, step by step.

use domain::{Agent, Phase, RuntimeKind, Step};
use leptos::prelude::*;

use crate::{lean::view, state::session};

/// The steps that an agent of this runtime takes.
fn steps() -> &'static [Step] {
    match session::current().runtime.map(|runtime| runtime.kind) {
        Some(RuntimeKind::Kubernetes) => Step::ALL,
        _ => &[Step::Created, Step::Started, Step::Ready],
    }
}

/// The steps of a start, as long as there is one; those of a failed one show where it got stuck.
#[component]
pub fn StartSteps(
    /// The agent.
    #[prop(into)]
    agent: Signal<Agent>,
) -> impl IntoView {
    let come = Memo::new(move |_| {
        agent.with(|agent| match agent.phase {
            Phase::Starting => Some((agent.step, false)),
            Phase::Failed => agent.step.filter(|step| *step < Step::Ready).map(|step| (Some(step), true)),
            _ => None,
        })
    });
    move || {
        come.get().map(|(come, is_failed)| {
            let lines = steps().iter().map(|step| {
                let (class, said) = match come {
                    Some(now) if now == *step && now.takes_time() && is_failed => ("stuck", "failed: "),
                    Some(now) if now == *step && now.takes_time() => ("now", "now: "),
                    Some(now) if now >= *step => ("done", "done: "),
                    _ => ("", ""),
                };
                view! { <li class=class><span class="visually-hidden">{said}</span>{step.label()}</li> }
            });
            view! { <ol class="steps" aria-label="Start">{lines.collect_view()}</ol> }
        })
    }
}
