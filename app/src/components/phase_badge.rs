//! An agent's phase: a shape and a word, and why.

use domain::{Agent, Desired, Explanation, Phase, Reason};
use leptos::prelude::*;

use super::icon::drawn;
use crate::{
    escape::html,
    inert::{Inert, inert},
};

/// The shape of a phase; the word beside it says the same.
const fn shape(phase: Phase) -> &'static str {
    match phase {
        Phase::Pending => "M8 3.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM8 6v2h1.5",
        Phase::Starting => "M8 3a5 5 0 0 1 5 5",
        Phase::Idle => "M8 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z",
        Phase::Working => "M5 4l6 4-6 4z",
        Phase::Waiting => "M6 5.8a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6.9v.4M8 11.4v.1",
        Phase::Stopping => "M5.5 5v6M10.5 5v6",
        Phase::Stopped => "M5 5h6v6H5z",
        Phase::Failed => "m5 5 6 6m0-6-6 6",
    }
}

/// What to do about a reason that came without a sentence.
const fn advice(reason: Reason) -> &'static str {
    match reason {
        Reason::CloneFailed => {
            "Check the repository's address and the agent's access to it, then delete the agent and launch another."
        }
        Reason::Exited => "Look at the last log lines, then start it again.",
        Reason::OutOfMemory => "Launch an agent with a higher memory limit.",
        Reason::StartTimeout => "Start it again; if it fails again, look at the last log lines.",
        Reason::StartFailed => "Look at the last log lines, mend what they name, then start it again.",
        Reason::MissingProgram => {
            "Install the program on the server's host (run aiworker doctor there), then start it again."
        }
        Reason::Unsandboxed => "Install bubblewrap on the server's host, then start it again.",
        Reason::Storage => "Free space on the server's disk, then start it again.",
        Reason::RuntimeUnavailable | Reason::NodeLost | Reason::Evicted => "Wait: it is tried again by itself.",
        Reason::Unschedulable | Reason::Quota => "Stop agents that are not needed, or ask an operator for more room.",
        Reason::ImagePull
        | Reason::Configuration
        | Reason::Admission
        | Reason::Forbidden
        | Reason::Volume
        | Reason::NameTaken => "Ask an operator to run aiworker doctor.",
        _ => "Look at the last log lines.",
    }
}

/// A phase as a shape and a word.
#[component]
pub fn PhaseBadge(
    /// The phase.
    #[prop(into)]
    phase: Signal<Phase>,
) -> impl IntoView {
    move || badge(phase.get())
}

/// A phase as a shape and a word.
pub fn badge(phase: Phase) -> Inert {
    let drawing = drawn(shape(phase));
    inert(format!(r#"<span class="phase phase-{phase}">{drawing}<span class="phase-word">{phase}</span></span>"#))
}

/// Why an agent is in its phase and what to do, as far as there is something to say.
#[component]
pub fn PhaseReason(
    /// The agent.
    #[prop(into)]
    agent: Signal<Agent>,
) -> impl IntoView {
    move || agent.with(reason)
}

fn reason(agent: &Agent) -> Option<Vec<Inert>> {
    if agent.desired == Desired::Deleted {
        return Some(vec![inert(r#"<p class="reason">It is being deleted.</p>"#.to_owned())]);
    }
    let Explanation { sentence, raw } = Explanation::split(&agent.message);
    let why = match agent.reason {
        Some(reason) if sentence.is_empty() => advice(reason),
        _ => sentence,
    };
    if why.is_empty() {
        return None;
    }
    let word = agent.reason.map(|reason| format!(r#"<span class="reason-word">{}</span>"#, reason.label()));
    let why = format!(r#"<p class="reason">{}</p>"#, html(why));
    let raw = (!raw.is_empty()).then(|| {
        let raw = html(raw);
        format!(r#"<details class="reason"><summary>What the cluster said</summary><pre>{raw}</pre></details>"#)
    });
    Some(word.into_iter().chain([why]).chain(raw).map(inert).collect())
}
