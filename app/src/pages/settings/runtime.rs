//! What agents run in.

use domain::{RuntimeKind, RuntimeStatus, SandboxKind};
use leptos::prelude::*;

use crate::{lean::view, state::session};

/// What agents run in.
#[component]
pub fn Runtime() -> impl IntoView {
    let status = session::current().runtime;
    status.map(|RuntimeStatus { kind, sandbox, limits_memory, limits_processes }| {
        let kind = match kind {
            RuntimeKind::Process => "Processes on the server's host",
            RuntimeKind::Kubernetes => "Pods of a Kubernetes cluster",
        };
        let sandbox = match sandbox {
            SandboxKind::Container => "Containers",
            SandboxKind::Bubblewrap => "Bubblewrap: namespaces of their own",
            SandboxKind::None => "None: agents can read and change what the server can",
        };
        let enforced = |is_enforced: bool| if is_enforced { "Enforced" } else { "Not enforced on this host" };
        view! {
            <dl class="facts-list">
                <dt>"Agents are"</dt>
                <dd>{kind}</dd>
                <dt>"Sandbox"</dt>
                <dd>{sandbox}</dd>
                <dt>"Memory limits"</dt>
                <dd>{enforced(limits_memory)}</dd>
                <dt>"Process limits"</dt>
                <dd>{enforced(limits_processes)}</dd>
            </dl>
            <p class="quiet">"Programs use the " <a href="/api/docs" rel="external">"JSON API"</a> "."</p>
        }
    })
}
