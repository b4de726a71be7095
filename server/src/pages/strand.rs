//! The tasks of one page, one at a time.
//!
//! A page is rendered in several tasks: one for the answer, one for everything that it reads, one for every part that
//! waits for that. Leptos lets them run side by side on all threads, but a signal that another thread is changing
//! answers as if it were gone, and a page that is given up is taken apart while its tasks still run. So all tasks of
//! one page are on one strand. Pages still run beside each other.

use std::{
    any::Any,
    cell::RefCell,
    future::Future,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
    task::{Context, Poll, Waker},
};

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};
use bytes::Bytes;
use futures::FutureExt as _;
use http_body::{Frame, SizeHint};
use tokio_util::sync::CancellationToken;

/// What must not run at the same time.
#[derive(Debug, Clone, Default)]
pub struct Strand(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    turn: Mutex<()>,
    /// Who came while it was somebody else's turn.
    waiting: Mutex<Vec<Waker>>,
    broken: CancellationToken,
}

thread_local! {
    /// The strand of what runs on this thread now.
    static CURRENT: RefCell<Option<Strand>> = const { RefCell::new(None) };
}

/// A task of the page panicked. The log says where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

impl Strand {
    /// Runs a future on the strand, and all that it spawns through Leptos. Ends when one of them panics.
    ///
    /// # Errors
    /// When one of them panicked.
    pub async fn run<F: Future>(&self, future: F) -> Result<F::Output, Broken> {
        let task = AssertUnwindSafe(self.hold(future)).catch_unwind();
        tokio::select! {
            biased;
            () = self.0.broken.cancelled() => Err(Broken),
            output = task => output.map_err(|_| Broken),
        }
    }

    /// Runs and drops `inner` on the strand only.
    pub fn hold<T>(&self, inner: T) -> OnStrand<T> {
        OnStrand { strand: self.clone(), inner: Some(Box::pin(inner)) }
    }

    fn current() -> Option<Self> {
        CURRENT.with_borrow(Clone::clone)
    }

    fn is_current(&self) -> bool {
        CURRENT.with_borrow(|current| current.as_ref().is_some_and(|current| Arc::ptr_eq(&current.0, &self.0)))
    }

    /// A panic is told by [`Strand::run`], not by whoever comes next.
    fn turn(&self) -> Turn<'_> {
        self.taken(self.0.turn.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn try_turn(&self) -> Option<Turn<'_>> {
        match self.0.turn.try_lock() {
            Ok(guard) => Some(self.taken(guard)),
            Err(TryLockError::Poisoned(error)) => Some(self.taken(error.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// The strand for this thread, or nothing when another has it and will wake whoever asked.
    fn turn_or_wait(&self, context: &Context<'_>) -> Option<Turn<'_>> {
        self.try_turn().or_else(|| {
            self.waiting().push(context.waker().clone());
            // It may have been given back before anybody knew that we wait.
            self.try_turn()
        })
    }

    fn taken<'a>(&'a self, guard: MutexGuard<'a, ()>) -> Turn<'a> {
        Turn { strand: self, before: CURRENT.replace(Some(self.clone())), guard: Some(guard) }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As long as it is held, what runs here is what runs on the strand.
struct Turn<'a> {
    strand: &'a Strand,
    before: Option<Strand>,
    guard: Option<MutexGuard<'a, ()>>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        CURRENT.set(self.before.take());
        // First given back, then told.
        self.guard = None;
        let waiting = std::mem::take(&mut *self.strand.waiting());
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// A future or a body that is polled and dropped on its strand.
#[derive(Debug)]
pub struct OnStrand<T> {
    strand: Strand,
    /// There until it is dropped.
    inner: Option<Pin<Box<T>>>,
}

impl<T> OnStrand<T> {
    fn poll_with<O>(
        &mut self,
        context: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut T>, &mut Context<'_>) -> Poll<O>,
    ) -> Poll<O> {
        let Self { strand, inner: Some(inner) } = self else { return Poll::Pending };
        let Some(_turn) = strand.turn_or_wait(context) else { return Poll::Pending };
        poll(inner.as_mut(), context)
    }
}

impl<F: Future> Future for OnStrand<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.poll_with(context, Future::poll)
    }
}

impl<B: http_body::Body<Data = Bytes>> http_body::Body for OnStrand<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        self.poll_with(context, http_body::Body::poll_frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(SizeHint::default, http_body::Body::size_hint)
    }
}

impl<T> Drop for OnStrand<T> {
    fn drop(&mut self) {
        // A runtime that shuts down drops at once what is spawned, in the middle of another's turn.
        let _turn = (!self.strand.is_current()).then(|| self.strand.turn());
        self.inner = None;
    }
}

/// Makes Leptos spawn on the strand of whoever spawns. It has one executor for the whole process; the first that is set
/// stays.
pub fn install() {
    let _ = Executor::init_custom_executor(OfTheStrand);
}

struct OfTheStrand;

impl CustomExecutor for OfTheStrand {
    fn spawn(&self, task: PinnedFuture<()>) {
        let Some(strand) = Strand::current() else {
            tokio::spawn(task);
            return;
        };
        tokio::spawn(async move {
            let outcome = AssertUnwindSafe(strand.hold(task)).catch_unwind().await;
            outcome.unwrap_or_else(|_: Box<dyn Any + Send>| strand.0.broken.cancel());
        });
    }

    fn spawn_local(&self, task: PinnedLocalFuture<()>) {
        tokio::task::spawn_local(task);
    }

    fn poll_local(&self) {}
}

#[cfg(test)]
mod tests;
