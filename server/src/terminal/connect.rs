//! Reaches the terminal of one agent through `services`: dial, handshake, and a deadline over both.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use domain::{
    AgentId,
    terminal::{Mode, Size},
};
use futures::future::BoxFuture;
use services::{Caller, Error, Services};
use tokio::time::{Instant, timeout};

use super::{
    bridge::{AttachFailure, Connect},
    counters::Counters,
    end,
    limits::ATTACH_DEADLINE,
    notes::Note,
    ttyd::{self, Attached},
};

/// The terminal of one agent, for one caller.
#[derive(Debug, Clone)]
pub struct AgentTerminal {
    /// The use cases.
    pub services: Services,
    /// Who looks at it.
    pub caller: Caller,
    /// Whose terminal it is.
    pub agent: AgentId,
    /// What is counted.
    pub counters: Counters,
    /// Whether they may type.
    pub mode: Mode,
    /// What the audit log calls this attachment.
    pub attachment: u32,
    /// Whether the audit log knows of it: it does from the first time, not from every repaint.
    pub is_audited: Arc<AtomicBool>,
}

impl AgentTerminal {
    /// Nobody looks any more. What was never attached is not noted.
    pub async fn closed(&self) {
        if self.is_audited.load(Ordering::Relaxed) {
            self.services.terminals().note_closed(&self.caller, self.agent, self.attachment).await;
        }
    }

    async fn attach_now(&self, size: Size) -> Result<Attached, AttachFailure> {
        let began = Instant::now();
        let terminals = self.services.terminals();
        let access = terminals.open(&self.caller, self.agent).await.map_err(failure)?;
        let dialled = Instant::now();
        self.counters.attached("dial", dialled - began);
        let note = async {
            if !self.is_audited.swap(true, Ordering::Relaxed) {
                terminals.note_opened(&self.caller, self.agent, self.mode, self.attachment).await;
            }
        };
        // Side by side: nobody waits for the audit log.
        let (attached, ()) = tokio::join!(ttyd::attach(access.stream, &access.ttyd_auth_token, size), note);
        let attached = attached.map_err(|error| {
            tracing::info!(error = &error as &dyn std::error::Error, "ttyd did not let us in");
            AttachFailure::Later(None)
        })?;
        self.counters.attached("handshake", dialled.elapsed());
        Ok(attached)
    }
}

impl Connect for AgentTerminal {
    fn attach(&self, size: Size) -> BoxFuture<'static, Result<Attached, AttachFailure>> {
        let terminal = self.clone();
        Box::pin(async move {
            let outcome = timeout(ATTACH_DEADLINE, terminal.attach_now(size)).await;
            let outcome = outcome.unwrap_or(Err(AttachFailure::Later(None)));
            if outcome.is_err() {
                terminal.counters.attach_failed();
            }
            outcome
        })
    }

    fn output(&self, bytes: usize) {
        self.counters.output(bytes);
    }

    fn input(&self, bytes: usize) {
        self.counters.input(bytes);
    }

    fn note(&self, note: Note) {
        self.counters.note(note);
    }
}

fn failure(error: Error) -> AttachFailure {
    match error {
        Error::NotFound(_) => AttachFailure::Never(end::not_found()),
        Error::TerminalUnavailable { message, source } => {
            tracing::debug!(error = source.as_deref(), "the agent's terminal cannot be reached");
            AttachFailure::Later(Some(message))
        }
        other => {
            tracing::warn!(error = &other as &dyn std::error::Error, "the agent's terminal could not be opened");
            AttachFailure::Later(Some(other.public_message()))
        }
    }
}
