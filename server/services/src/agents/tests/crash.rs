//! The server is killed between any two steps, and in the end it makes no difference.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use domain::Observation;
use futures::stream::BoxStream;
use runtime::{AgentRuntime, AgentSpec, Duplex, Owned, fake::FakeRuntime};
use tokio::sync::Notify;

use super::*;

/// A runtime whose calls never come back from a certain moment on: once before and once after each does its work.
struct Stumbling {
    inner: FakeRuntime,
    /// Moments that are still passed.
    left: AtomicUsize,
    stuck: Notify,
}

impl Stumbling {
    async fn moment(&self) {
        let passed = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if passed.is_err() {
            self.stuck.notify_one();
            std::future::pending::<()>().await;
        }
    }

    async fn around<T>(&self, work: impl Future<Output = T> + Send) -> T {
        self.moment().await;
        let answer = work.await;
        self.moment().await;
        answer
    }
}

#[async_trait]
impl AgentRuntime for Stumbling {
    async fn ensure(&self, spec: &AgentSpec) -> Result<Observation, RuntimeError> {
        self.around(self.inner.ensure(spec)).await
    }
    async fn stop(&self, id: AgentId) -> Result<(), RuntimeError> {
        self.around(self.inner.stop(id)).await
    }
    async fn remove(&self, id: AgentId) -> Result<(), RuntimeError> {
        self.around(self.inner.remove(id)).await
    }
    async fn observe(&self, id: AgentId) -> Result<Observation, RuntimeError> {
        self.around(self.inner.observe(id)).await
    }
    async fn inventory(&self) -> Result<Vec<Owned>, RuntimeError> {
        self.inner.inventory().await
    }
    async fn logs(&self, id: AgentId, tail: usize) -> Result<String, RuntimeError> {
        self.inner.logs(id, tail).await
    }
    async fn dial(&self, id: AgentId, port: u16) -> Result<Box<dyn Duplex>, RuntimeError> {
        self.inner.dial(id, port).await
    }
    fn events(&self) -> BoxStream<'static, Observation> {
        self.inner.events()
    }
}

/// Lets the server die at every moment on the way to `desired`, and another one go on. Returns how many moments there
/// were.
async fn die_at_every_moment(desired: Desired) -> usize {
    let mut moments = 0;
    loop {
        let runtime = FakeRuntime::new();
        let stumbling = Stumbling { inner: runtime.clone(), left: usize::MAX.into(), stuck: Notify::new() };
        let stumbling = std::sync::Arc::new(stumbling);
        let bed = Bed::on(stumbling.clone(), runtime, settings(), SandboxKind::Bubblewrap).await;
        let ann = bed.user("ann").await;
        let project = bed.project(&ann, "p").await;
        let id = bed.agent(&ann, &project, "otter").await.id;
        if desired != Desired::Running {
            bed.look_at(id).await;
            bed.inner().want(&ann, owner(&ann), id, desired).await.unwrap();
        }
        stumbling.left.store(moments, Ordering::SeqCst);
        let (restarts, inner) = (Ledger::default(), bed.inner());
        let survived = tokio::select! {
            outcome = inner.reconcile(&restarts, id, None) => { outcome.unwrap(); true }
            () = stumbling.stuck.notified() => false,
        };
        let next = bed.restarted(settings(), SandboxKind::Bubblewrap);
        for _ in 0..2 {
            next.0.reconcile(&Ledger::default(), id, None).await.unwrap();
        }
        as_it_shall_be(&bed, &ann, id, desired).await;
        if survived {
            return moments;
        }
        moments += 1;
    }
}

fn owner(caller: &Caller) -> Owner {
    policy::authorize(caller, Action::StopAgent).unwrap()
}

async fn as_it_shall_be(bed: &Bed, caller: &Caller, id: AgentId, desired: Desired) {
    assert_eq!(bed.services.installation().orphans(caller).await.unwrap(), []);
    let row = bed.services.agents().get(caller, id).await;
    let there = bed.runtime.observe(id).await.unwrap().state;
    match desired {
        Desired::Running => assert_eq!((row.unwrap().phase, there), (Phase::Idle, Observed::Running)),
        Desired::Stopped => assert_eq!((row.unwrap().phase, there), (Phase::Stopped, Observed::Stopped)),
        Desired::Deleted => {
            assert_eq!(row.unwrap_err().code(), ErrorCode::NotFound);
            assert_eq!(bed.runtime.inventory().await.unwrap(), []);
        }
    }
}

#[tokio::test]
async fn a_server_killed_during_a_launch_launches_in_the_end() {
    assert_eq!(die_at_every_moment(Desired::Running).await, 4);
}

#[tokio::test]
async fn a_server_killed_during_a_stop_stops_in_the_end() {
    assert_eq!(die_at_every_moment(Desired::Stopped).await, 6);
}

#[tokio::test]
async fn a_server_killed_during_a_deletion_deletes_in_the_end() {
    assert_eq!(die_at_every_moment(Desired::Deleted).await, 4);
}
