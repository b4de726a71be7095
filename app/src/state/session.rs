//! Who is signed in and what this installation is, as the server knew it when it rendered the page.

use domain::{AgentLimits, RuntimeStatus, RuntimeTrouble, SandboxKind, Timestamp, User};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::theme::Theme;

/// The facts that every page needs at once, so they travel with the page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// Who is signed in, if anybody.
    pub user: Option<User>,
    /// What agents run in; only the signed-in are told.
    pub runtime: Option<RuntimeStatus>,
    /// Why agents cannot be worked with at the moment, if so; only the signed-in are told.
    pub runtime_trouble: Option<RuntimeTrouble>,
    /// What agents may use whose launch does not say otherwise.
    pub agent_limits: AgentLimits,
    /// How things look.
    pub theme: Theme,
    /// When the server rendered the page.
    pub rendered_at: Timestamp,
    /// Where the event stream was then: what the page shows is at least as new.
    pub live_position: Option<String>,
}

impl Session {
    /// Nobody, at the beginning of time: what there is outside a request.
    const fn nobody() -> Self {
        Self {
            user: None,
            runtime: None,
            runtime_trouble: None,
            agent_limits: AgentLimits::USUAL,
            theme: Theme::System,
            rendered_at: Timestamp::UNIX_EPOCH,
            live_position: None,
        }
    }

    /// Whether agents here can read and write what the server can.
    pub fn is_unsandboxed(&self) -> bool {
        self.runtime.as_ref().is_some_and(|runtime| runtime.sandbox == SandboxKind::None)
    }
}

/// Provides the session. The browser takes it from the page.
pub fn provide() {
    let session = SharedValue::new(read).into_inner();
    provide_context(StoredValue::new(session));
}

/// The session of this page.
pub fn current() -> Session {
    use_context::<StoredValue<Session>>().map_or_else(Session::nobody, |session| session.get_value())
}

#[cfg(feature = "ssr")]
fn read() -> Session {
    use crate::api::context;
    let Ok(services) = context::services() else { return Session::nobody() };
    let caller = context::signed_in();
    Session {
        runtime: caller.as_ref().map(|_| services.runtime_status()),
        runtime_trouble: caller.as_ref().and_then(|_| services.runtime_trouble()),
        live_position: caller.as_ref().and_then(|caller| services.live().position(caller).ok()),
        agent_limits: services.agent_limits(),
        user: caller.map(|caller| caller.user),
        theme: super::theme::of_request(),
        rendered_at: services.now(),
    }
}

#[cfg(not(feature = "ssr"))]
fn read() -> Session {
    Session::nobody()
}
