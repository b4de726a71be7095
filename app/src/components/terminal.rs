//! An agent's terminal on a page: the region, what it says about itself, and the element that xterm fills.

use domain::{AgentId, terminal::Mode};
use leptos::{html, prelude::*};

#[cfg(feature = "hydrate")]
mod browser;
#[cfg(any(test, feature = "hydrate"))]
pub mod exchange;
#[cfg(any(test, feature = "hydrate"))]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser connects"))]
pub mod reconnect;
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser has something to tell"))]
pub mod status;
#[cfg(not(feature = "hydrate"))]
mod stub;
mod tools;

#[cfg(feature = "hydrate")]
use browser::{Viewer, slot};
use status::Status;
#[cfg(not(feature = "hydrate"))]
use stub::{Viewer, slot};
use tools::{KeyBar, Tools};

/// The import map that the document needs before any module is loaded. xterm-js-rs imports these names; our module answers
/// for all of them and fetches the real ones when a terminal is shown.
pub const IMPORT_MAP: &str = concat!(
    r#"{"imports":{"xterm":"/assets/xterm/lazy.mjs","xterm-addon-fit":"/assets/xterm/lazy.mjs","#,
    r#""xterm-addon-web-links":"/assets/xterm/lazy.mjs","xterm-addon-webgl":"/assets/xterm/lazy.mjs"}}"#
);

/// What the terminal tells the page.
#[derive(Clone, Copy)]
struct Signals {
    status: RwSignal<Status>,
    /// Something was typed and did not simply arrive: what became of it.
    typed: RwSignal<Option<&'static str>>,
    /// Milliseconds of the last round trip.
    latency: RwSignal<Option<u32>>,
    /// How many people look: those who may type, and those who only watch.
    viewers: RwSignal<(u32, u32)>,
    /// What was searched for is not there.
    missed: RwSignal<bool>,
    /// Whether screen readers are told what is printed. A small terminal among many never tells them.
    reads: Option<RwSignal<bool>>,
}

/// Something that a person does with a terminal besides typing.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    /// Find a text; upwards, if so.
    Find(String, bool),
    /// Save history and screen under this name.
    Download(String),
    /// Change the font size by so many pixels; 0 goes back to the usual one.
    Zoom(i32),
    /// Tell screen readers what is printed.
    ReadAloud(bool),
    /// Press a key of the key bar.
    Press(&'static str),
}

/// An agent's terminal. It connects when it appears in the browser and is gone when it is removed from the page.
#[component]
pub fn Terminal(
    /// The agent.
    agent_id: AgentId,
    /// Whether the agent has a terminal now. When that becomes true, a terminal that had ended connects again.
    #[prop(optional, into)]
    ready: Option<Signal<bool>>,
    /// Only look: nothing is typed, and the size changes nothing.
    #[prop(optional)]
    watch: bool,
    /// Without search, download and keys: for a small one among many.
    #[prop(optional)]
    plain: bool,
) -> impl IntoView {
    let signals = Signals {
        status: RwSignal::new(Status::Loading),
        typed: RwSignal::new(None),
        latency: RwSignal::new(None),
        viewers: RwSignal::new((0, 0)),
        missed: RwSignal::new(false),
        reads: (!plain).then(|| RwSignal::new(false)),
    };
    let mode = if watch { Mode::Watch } else { Mode::Drive };
    let screen = NodeRef::<html::Div>::new();
    let viewer = slot();
    Effect::new(move || {
        if let Some(host) = screen.get() {
            viewer.set_value(Some(Viewer::open(agent_id, mode, host, signals)));
        }
    });
    Effect::watch(
        move || ready.map(|ready| ready.get()),
        move |now, before, _| {
            if *now == Some(true) && before == Some(&Some(false)) {
                viewer.with_value(|viewer| viewer.iter().for_each(Viewer::revive));
            }
        },
        false,
    );
    on_cleanup(move || {
        // The value may have been cleaned up already, which is the same.
        viewer.try_set_value(None);
    });
    let status = Memo::new(move |_| signals.status.get());
    let banner = Memo::new(move |_| status.get().banner());
    let retry = move |_| viewer.with_value(|viewer| viewer.iter().for_each(Viewer::retry));
    let act = move |action: Action| viewer.with_value(|viewer| viewer.iter().for_each(|viewer| viewer.act(&action)));
    view! {
        <section class="terminal" aria-label="Terminal" data-state=move || status.get().name()>
            <div class="terminal__head">
                <p class="terminal__status" role="status">
                    {move || status.get().word()}
                </p>
                <p class="terminal__facts">{move || facts(signals)}</p>
                {signals.reads.map(|reads| view! { <Tools agent_id act missed=signals.missed reads /> })}
            </div>
            <Show when=move || banner.get().is_some()>
                <div class="terminal__banner">
                    <p class="terminal__message">{move || banner.get()}</p>
                    <button type="button" class="terminal__retry" on:click=retry>
                        {move || status.get().action()}
                    </button>
                </div>
            </Show>
            <Show when=move || signals.typed.get().is_some()>
                <p class="terminal__hint" role="alert">
                    {move || signals.typed.get()}
                </p>
            </Show>
            <div class="terminal__screen" node_ref=screen></div>
            {(!plain && !watch).then(|| view! { <KeyBar act /> })}
            <noscript>
                <p class="terminal__message">"The terminal needs JavaScript."</p>
            </noscript>
        </section>
    }
}

/// Round trip and company in a few words; nothing while there is nothing to say.
fn facts(signals: Signals) -> String {
    let mut facts = Vec::new();
    if signals.status.with(Status::is_live)
        && let Some(millis) = signals.latency.get()
    {
        facts.push(format!("{millis} ms"));
    }
    let (drivers, watchers) = signals.viewers.get();
    if drivers + watchers > 1 {
        facts.push(format!("{} viewers", drivers + watchers));
    }
    if watchers > 0 {
        facts.push(format!("{watchers} only watching"));
    }
    facts.join(" · ")
}
