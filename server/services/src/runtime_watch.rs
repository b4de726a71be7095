//! Watching whether the runtime can be worked with, so that people are told within seconds when it cannot: a cluster whose
//! API server is gone, credentials that have run out.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{AgentId, Explanation, LiveEvent, RuntimeKind, RuntimeTrouble};
use runtime::RuntimeError;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    Inner,
    clock::{later, within},
};

/// How often the runtime is asked for a sign of life. Together with [`DEADLINE`], less than the ten seconds after which
/// people shall know.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// How long it may take to give one.
const DEADLINE: Duration = Duration::from_secs(4);

/// What is wrong with the runtime, as this server last saw it.
#[derive(Debug, Default)]
pub(crate) struct Trouble(Mutex<Option<RuntimeTrouble>>);

impl Trouble {
    pub(crate) fn now(&self) -> Option<RuntimeTrouble> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes over what is wrong. Says whether that is news.
    fn set(&self, trouble: Option<RuntimeTrouble>) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = known.as_ref().map(|known| &known.message) != trouble.as_ref().map(|trouble| &trouble.message);
        if is_news {
            *known = trouble;
        }
        is_news
    }
}

/// Watches the runtime. Every server runs one.
pub struct RuntimeWatch(pub(crate) Arc<Inner>);

impl RuntimeWatch {
    /// Runs until `stop`.
    pub async fn run(&self, stop: CancellationToken) {
        loop {
            let inner = &self.0;
            inner.look_at_runtime().await;
            tokio::select! {
                () = stop.cancelled() => return,
                () = inner.clock.sleep_until(later(inner.clock.now(), LOOK_EVERY)) => {}
            }
        }
    }
}

impl Inner {
    /// One look. Pages are told of what has changed; when the runtime is back, every agent is looked at.
    pub(crate) async fn look_at_runtime(&self) {
        // Nobody is called so: the answer that there is no such agent is a sign of life.
        let nobody = AgentId::from_uuid(Uuid::nil());
        let message = match within(&*self.clock, DEADLINE, self.runtime.observe(nobody)).await {
            Some(Ok(_) | Err(RuntimeError::NotFound)) => None,
            Some(Err(RuntimeError::Refused { message, .. })) => Some(message),
            Some(Err(error)) => {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
                Some(Explanation::join(self.silence(), &format!("{error}{cause}")))
            }
            None => Some(self.silence().to_owned()),
        };
        let trouble = message.map(|message| RuntimeTrouble { since: self.clock.now(), message });
        if !self.trouble.set(trouble.clone()) {
            return;
        }
        if let Some(trouble) = &trouble {
            tracing::warn!(message = trouble.message, "the runtime cannot be worked with");
        } else {
            tracing::info!("the runtime answers again");
        }
        let is_back = trouble.is_none();
        self.live.publish_to_all(&LiveEvent::Runtime { trouble });
        if is_back {
            match self.store.all_agents().await {
                Ok(agents) => agents.iter().for_each(|agent| self.wake_ups.wake(agent.id)),
                // The next resync finds them.
                Err(error) => tracing::debug!(error = &error as &dyn std::error::Error, "no agents could be read"),
            }
        }
    }

    const fn silence(&self) -> &'static str {
        match self.runtime_status.kind {
            RuntimeKind::Kubernetes => {
                "The cluster does not answer. Agents that run there go on; what is asked for now is done when it is back."
            }
            RuntimeKind::Process => {
                "The part that runs agents does not answer. What is asked for now is done when it is back."
            }
        }
    }
}

#[cfg(test)]
mod tests;
