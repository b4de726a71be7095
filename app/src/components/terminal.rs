//! An agent's terminal on a page: the region, what it says about itself, and the element that xterm fills.

use domain::AgentId;
use leptos::{html, prelude::*};

#[cfg(feature = "hydrate")]
mod browser;
#[cfg(any(test, feature = "hydrate"))]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser connects"))]
pub mod reconnect;
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser has something to tell"))]
pub mod status;
#[cfg(not(feature = "hydrate"))]
mod stub;

#[cfg(feature = "hydrate")]
use browser::{Viewer, slot};
use status::Status;
#[cfg(not(feature = "hydrate"))]
use stub::{Viewer, slot};

/// The import map that the document needs before any module is loaded. xterm-js-rs imports these names; our module answers
/// for all of them and fetches the real ones when a terminal is shown.
pub const IMPORT_MAP: &str = concat!(
    r#"{"imports":{"xterm":"/assets/xterm/lazy.mjs","xterm-addon-fit":"/assets/xterm/lazy.mjs","#,
    r#""xterm-addon-unicode11":"/assets/xterm/lazy.mjs","xterm-addon-web-links":"/assets/xterm/lazy.mjs","#,
    r#""xterm-addon-webgl":"/assets/xterm/lazy.mjs"}}"#
);

/// What the terminal tells the page.
#[derive(Clone, Copy)]
struct Signals {
    status: RwSignal<Status>,
    /// Something was typed that went nowhere.
    unsent: RwSignal<bool>,
}

/// An agent's terminal. It connects when it appears in the browser and is gone when it is removed from the page.
#[component]
pub fn Terminal(
    /// The agent.
    agent_id: AgentId,
    /// Whether the agent has a terminal now. When that becomes true, a terminal that had ended connects again.
    #[prop(optional, into)]
    ready: Option<Signal<bool>>,
) -> impl IntoView {
    let signals = Signals { status: RwSignal::new(Status::Loading), unsent: RwSignal::new(false) };
    let screen = NodeRef::<html::Div>::new();
    let viewer = slot();
    Effect::new(move || {
        if let Some(host) = screen.get() {
            viewer.set_value(Some(Viewer::open(agent_id, host, signals)));
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
    view! {
        <section class="terminal" aria-label="Terminal" data-state=move || status.get().name()>
            <p class="terminal__status" role="status">
                {move || status.get().word()}
            </p>
            <Show when=move || banner.get().is_some()>
                <div class="terminal__banner">
                    <p class="terminal__message">{move || banner.get()}</p>
                    <Show when=move || signals.unsent.get()>
                        <p class="terminal__hint" role="alert">
                            "What you type now is not sent."
                        </p>
                    </Show>
                    <button type="button" class="terminal__retry" on:click=retry>
                        {move || status.get().action()}
                    </button>
                </div>
            </Show>
            <div class="terminal__screen" node_ref=screen></div>
            <noscript>
                <p class="terminal__message">"The terminal needs JavaScript."</p>
            </noscript>
        </section>
    }
}
