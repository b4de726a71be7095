//! How the agent's container is: what it waits for, how it ended, what is to be said while it runs.

use domain::{Observed, Reason};
use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStateWaiting, ContainerStatus};

use super::{Finding, said};
use crate::kubernetes::facts::{Facts, words};

/// The exit code of a program that got SIGKILL, as the kernel's memory limit sends it.
const KILLED: i32 = 137;

/// What the container's state says; nothing when it is simply running or about to be made.
pub(super) fn look(status: &ContainerStatus, facts: &Facts) -> Option<Finding> {
    let state = status.state.as_ref()?;
    if let Some(waiting) = &state.waiting {
        return waits(waiting, status, facts);
    }
    let ended = state.terminated.as_ref()?;
    let (reason, sentence) = why(ended);
    Some(Finding::starting(format!("{sentence} It is being started again.")).because(reason).saying(raw(ended)))
}

/// What is to be said of a container that runs well now.
pub(super) fn remark(status: &ContainerStatus) -> Option<Finding> {
    let ended = status.last_state.as_ref()?.terminated.as_ref()?;
    if !out_of_memory(ended) {
        return None;
    }
    let sentence = "It reached its memory limit and was ended by the kernel; it has been started again since. Raise the limit or run less at once.";
    let running = Finding { sentence: sentence.to_owned(), ..Finding::plain(Observed::Running) };
    Some(running.because(Reason::OutOfMemory).saying(raw(ended)))
}

fn waits(waiting: &ContainerStateWaiting, status: &ContainerStatus, facts: &Facts) -> Option<Finding> {
    let told = waiting.message.clone().filter(|message| !message.is_empty());
    let told_or_said = |reasons: &[&str]| told.clone().or_else(|| said(facts, reasons)).unwrap_or_default();
    let image = &status.image;
    Some(match waiting.reason.as_deref().unwrap_or_default() {
        "ErrImagePull" | "RegistryUnavailable" => {
            Finding::starting(format!("The image {image} could not be fetched; the cluster tries again."))
                .because(Reason::ImagePull)
                .saying(told_or_said(&["Failed"]))
        }
        "ImagePullBackOff" => {
            // The state only says that it waits; why is among the events.
            let why = pull_failure(facts);
            Finding::failed(
                Reason::ImagePull,
                format!(
                    "The image {image} cannot be fetched. Check its name and the pull secret; the cluster keeps trying."
                ),
            )
            .saying(why.or(told.clone()).unwrap_or_default())
        }
        "InvalidImageName" | "ErrImageNeverPull" | "ImageInspectError" => Finding::failed(
            Reason::ImagePull,
            format!("{image} is not an image that can be used. An operator must set another one."),
        )
        .saying(told_or_said(&["InspectFailed", "Failed"])),
        "CreateContainerConfigError" => Finding::failed(
            Reason::Configuration,
            "Its container cannot be made because something that it refers to is missing, such as a secret.",
        )
        .saying(told_or_said(&["Failed"])),
        "CreateContainerError" | "RunContainerError" | "StartError" | "ContainerCannotRun" => Finding::failed(
            Reason::StartFailed,
            "Its container could not be started. An operator must look at the image and the node.",
        )
        .saying(told_or_said(&["Failed"])),
        "CrashLoopBackOff" => return Some(loops(status, told.unwrap_or_default())),
        _ => return None,
    })
}

/// Why an image could not be fetched. After the cause, a kubelet also reports each state that follows from it.
fn pull_failure(facts: &Facts) -> Option<String> {
    const STATES: [&str; 2] = ["Error: ErrImagePull", "Error: ImagePullBackOff"];
    let failures = facts.happened().into_iter().filter(|event| event.reason.as_deref() == Some("Failed"));
    failures.map(words).rfind(|why| !STATES.contains(why)).map(str::to_owned)
}

/// It ended so often that the cluster waits before it starts it again.
fn loops(status: &ContainerStatus, told: String) -> Finding {
    let last = status.last_state.as_ref().and_then(|state| state.terminated.as_ref());
    let Some(ended) = last else {
        return Finding::failed(Reason::CrashLoop, "It ends again and again right after its start.").saying(told);
    };
    let (reason, sentence) = why(ended);
    if reason == Reason::OutOfMemory {
        return Finding::failed(reason, sentence).saying(raw(ended));
    }
    let times = status.restart_count;
    let sentence = format!("{sentence} It was started {times} times; the cluster waits before it tries again.");
    Finding::failed(Reason::CrashLoop, sentence).saying(raw(ended))
}

fn why(ended: &ContainerStateTerminated) -> (Reason, String) {
    let code = ended.exit_code;
    if out_of_memory(ended) {
        let sentence = "It reached its memory limit and was ended by the kernel. Raise the limit or run less at once.";
        return (Reason::OutOfMemory, sentence.to_owned());
    }
    if matches!(ended.reason.as_deref(), Some("ContainerCannotRun" | "StartError")) {
        return (Reason::StartFailed, "Its container could not be started.".to_owned());
    }
    (Reason::Exited, format!("It ended by itself with code {code}."))
}

fn out_of_memory(ended: &ContainerStateTerminated) -> bool {
    // Some container runtimes only tell the code, and that it was the kernel's doing only in words.
    let told = ended.message.as_deref().is_some_and(|message| message.contains("OOM"));
    ended.reason.as_deref() == Some("OOMKilled") || (ended.exit_code == KILLED && told)
}

fn raw(ended: &ContainerStateTerminated) -> String {
    let reason = ended.reason.as_deref().unwrap_or("Ended");
    let last = ended.message.as_deref().unwrap_or_default().trim();
    format!("{reason}, exit code {}\n{last}", ended.exit_code).trim_end().to_owned()
}
