//! What stands around a terminal's screen: search, download, font size, reading aloud, and a bar of keys that phones lack.

use domain::AgentId;
use leptos::{ev::SubmitEvent, html, prelude::*};

use super::Action;

/// Keys that an on-screen keyboard lacks: what they do, what they say, what they are called. A name holds the letters that are
/// seen, so that whoever speaks to the page can say them.
const KEYS: [(&str, &str, &str); 9] = [
    ("escape", "Esc", "Esc (Escape)"),
    ("tab", "Tab", "Tab"),
    ("control", "Ctrl", "Ctrl (Control) for the next key"),
    ("interrupt", "^C", "Control C"),
    ("left", "←", "Left"),
    ("down", "↓", "Down"),
    ("up", "↑", "Up"),
    ("right", "→", "Right"),
    ("enter", "⏎", "Enter"),
];

/// Search, download, font size, reading aloud.
#[component]
pub fn Tools(
    /// Whose terminal it is.
    agent_id: AgentId,
    /// Does something.
    act: impl Fn(Action) + Copy + Send + Sync + 'static,
    /// What was searched for is not there.
    missed: RwSignal<bool>,
    /// Screen readers are told what is printed.
    reads: RwSignal<bool>,
) -> impl IntoView {
    let wanted = NodeRef::<html::Input>::new();
    let find = move |up: bool| {
        if let Some(field) = wanted.get_untracked() {
            act(Action::Find(field.value(), up));
        }
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        find(true);
    };
    let read_aloud = move |_| {
        reads.update(|reads| *reads = !*reads);
        act(Action::ReadAloud(reads.get_untracked()));
    };
    let save = move |_| act(Action::Download(format!("agent-{agent_id}.txt")));
    view! {
        <details class="terminal__tools">
            <summary>"Tools"</summary>
            <div class="terminal__toolbar">
                <form role="search" on:submit=submit>
                    <input type="search" aria-label="Find in the terminal" placeholder="Find" node_ref=wanted />
                    <button type="submit">"Previous"</button>
                    <button type="button" on:click=move |_| find(false)>
                        "Next"
                    </button>
                    <span role="status">{move || missed.get().then_some("Not found")}</span>
                </form>
                <button type="button" on:click=save>
                    "Save what is here"
                </button>
                <a href=format!("/agent-terminal/{agent_id}/history?inline=true") target="_blank" rel="external">
                    "Read the whole history"
                </a>
                <a href=format!("/agent-terminal/{agent_id}/history") download="" rel="external">
                    "Save the whole history"
                </a>
                <button type="button" aria-label="A− (Smaller text)" on:click=move |_| act(Action::Zoom(-1))>
                    "A−"
                </button>
                <button type="button" aria-label="A+ (Larger text)" on:click=move |_| act(Action::Zoom(1))>
                    "A+"
                </button>
                <button type="button" aria-pressed=move || reads.get().to_string() on:click=read_aloud>
                    "Screen reader"
                </button>
            </div>
        </details>
    }
}

/// Keys that phones lack. A style sheet shows them where fingers type.
#[component]
pub fn KeyBar(
    /// Presses one.
    act: impl Fn(Action) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let key = move |(name, label, title): (&'static str, &'static str, &'static str)| {
        view! {
            <button type="button" aria-label=title on:click=move |_| act(Action::Press(name))>
                {label}
            </button>
        }
    };
    view! {
        <div class="terminal__keys" role="toolbar" aria-label="Keys">
            {KEYS.map(key).collect_view()}
        </div>
    }
}
