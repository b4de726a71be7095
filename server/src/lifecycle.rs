//! When to stop and who must be waited for. Two steps: at the first signal nothing new begins and everything open is
//! asked to end; at the second, or when the time is up, it is cut off.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

/// How long connections may take to end by themselves after the first signal. Kubernetes kills after 30 s by default.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(25);

/// How long requests that are under way may go on once the server drains. Then those that only wait are sent away.
const WAIT_GRACE: Duration = Duration::from_secs(2);

/// The two cancellation tokens and the tracker of everything that outlives a request.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tracker: TaskTracker,
}

impl Lifecycle {
    /// Cancelled when the server begins to drain: finish what you do, begin nothing new.
    pub fn soft(&self) -> &CancellationToken {
        &self.soft
    }

    /// Cancelled when waiting is over: end now.
    pub fn hard(&self) -> &CancellationToken {
        &self.hard
    }

    /// Whether the server is on its way down.
    pub fn is_draining(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Ends when requests that only wait are to be sent away; at the hard stop, that is all of them.
    pub async fn waiting_over(&self) {
        self.soft.cancelled().await;
        tokio::select! {
            () = self.hard.cancelled() => {}
            () = tokio::time::sleep(WAIT_GRACE) => {}
        }
    }

    /// Holds up the end of the process, until the hard stop, for as long as the token lives. For WebSockets and
    /// streams, which end later than the request they began as.
    pub fn track(&self) -> TaskTrackerToken {
        self.tracker.token()
    }

    /// Runs a task that the end of the process waits for.
    pub fn spawn<F>(&self, task: F) -> tokio::task::JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tracker.spawn(task)
    }

    /// Cancels `soft` at the first signal and `hard` at the second.
    pub fn stop_on_signals(&self) -> std::io::Result<()> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let (soft, hard) = (self.soft.clone(), self.hard.clone());
        tokio::spawn(async move {
            for (token, message) in [(soft, "stopping: waiting for open connections"), (hard, "stopping now")] {
                tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
                tracing::info!("{message}");
                token.cancel();
            }
        });
        Ok(())
    }

    /// Waits until everything tracked has ended, at most [`DRAIN_DEADLINE`] or until the hard stop. Says whether all
    /// of it ended by itself.
    pub async fn drain(&self) -> bool {
        self.soft.cancel();
        self.tracker.close();
        let clean = tokio::select! {
            () = self.tracker.wait() => true,
            () = self.hard.cancelled() => false,
            () = tokio::time::sleep(DRAIN_DEADLINE) => false,
        };
        self.hard.cancel();
        clean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn draining_waits_for_what_is_tracked() {
        let lifecycle = Lifecycle::default();
        let soft = lifecycle.soft().clone();
        lifecycle.spawn(async move { soft.cancelled().await });
        assert!(lifecycle.drain().await, "the task ends once it is asked to");
        assert!(lifecycle.is_draining() && lifecycle.hard().is_cancelled());
    }

    #[tokio::test]
    async fn a_hard_stop_waits_for_nobody() {
        let lifecycle = Lifecycle::default();
        let _held = lifecycle.track();
        lifecycle.hard().cancel();
        assert!(!lifecycle.drain().await);
    }
}
