//! What agents run in.

use domain::{AgentLimits, RuntimeKind, RuntimeStatus, SandboxKind};
use leptos::prelude::*;

use crate::{
    lean::view,
    state::session::{self, Session},
};

/// What agents run in.
#[component]
pub fn Runtime() -> impl IntoView {
    let Session { runtime, agent_limits: AgentLimits { memory_mib, processes }, .. } = session::current();
    runtime.map(|RuntimeStatus { kind, sandbox, limits_memory, limits_processes }| {
        let kind = match kind {
            RuntimeKind::Process => "Processes on the server's host",
            RuntimeKind::Kubernetes => "Pods of a Kubernetes cluster",
        };
        let sandbox = match sandbox {
            SandboxKind::Container => "Containers",
            SandboxKind::Bubblewrap => "Bubblewrap: namespaces of their own",
            SandboxKind::None => "None: agents can read and change what the server can",
        };
        let enforced = |is_enforced: bool| if is_enforced { "enforced" } else { "not enforced here" };
        view! {
            <dl class="facts-list">
                <dt>"Agents are"</dt>
                <dd>{kind}</dd>
                <dt>"Sandbox"</dt>
                <dd>{sandbox}</dd>
                <dt>"Memory of an agent"</dt>
                <dd>{format!("{memory_mib} MiB unless a launch says otherwise, {}", enforced(limits_memory))}</dd>
                <dt>"Processes of an agent"</dt>
                <dd>{format!("{processes} unless a launch says otherwise, {}", enforced(limits_processes))}</dd>
            </dl>
            <p class="quiet">"Programs use the " <a href="/api/docs" rel="external">"JSON API"</a> "."</p>
        }
    })
}
