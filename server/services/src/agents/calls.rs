//! Calls of the runtime, each with a deadline.

use std::time::Duration;

use runtime::{CALL_DEADLINE, RuntimeError};

use crate::{Inner, clock::within};

/// A little more than a runtime gives itself, so that its own and better explained failure comes first.
const DEADLINE: Duration = CALL_DEADLINE.saturating_add(Duration::from_secs(5));

impl Inner {
    /// The runtime's answer, or [`RuntimeError::Timeout`] with `what` was tried.
    pub(crate) async fn call_runtime<T>(
        &self,
        what: &'static str,
        call: impl Future<Output = Result<T, RuntimeError>>,
    ) -> Result<T, RuntimeError> {
        within(&*self.clock, DEADLINE, call).await.unwrap_or(Err(RuntimeError::Timeout(what)))
    }
}
