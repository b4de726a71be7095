//! The tasks of one page, one at a time.
//!
//! A page is rendered in several tasks: one for the answer, one for everything that it reads, one for every part that
//! waits for that. Leptos lets them run side by side on all threads, but a signal that another thread is changing
//! answers as if it were gone, and a page that is given up is taken apart while its tasks still run. So all tasks of
//! one page are on one strand. Pages still run beside each other.
//!
//! A strand also keeps what Leptos keeps for each thread: whose contexts and signals are meant. Leptos gives them to whatever
//! runs next on the thread.

use std::{
    cell::RefCell,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, LazyLock, Mutex, MutexGuard, Once, PoisonError, TryLockError},
    task::{Context, Poll, Waker},
};

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};
use axum::BoxError;
use bytes::Bytes;
use futures::FutureExt as _;
use http_body::{Frame, SizeHint};
use leptos::reactive::owner::{Owner, WeakOwner};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// What must not run at the same time.
#[derive(Clone, Default)]
pub struct Strand(Arc<Shared>);

#[derive(Default)]
struct Shared {
    turn: Mutex<()>,
    /// Who came while it was somebody else's turn.
    waiting: Mutex<Vec<Waker>>,
    /// Whose contexts and signals the next task finds that brings none of its own: those that the last one left.
    owner: Mutex<Option<WeakOwner>>,
    /// What a strand begins with.
    blank: Owner,
    broken: CancellationToken,
}

thread_local! {
    /// The strands of what runs on this thread now, the innermost last.
    static CURRENT: RefCell<Vec<Strand>> = const { RefCell::new(Vec::new()) };
}

/// What a thread is left with between turns: Leptos leaves the page that it began last there, and what comes next would be
/// born into it.
static NOBODY: LazyLock<Owner> = LazyLock::new(Owner::default);

/// A task of the page panicked. The log says where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a task of the page panicked")]
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

    /// Reads and drops the rest of the page on the strand only. It breaks off when a task panics.
    pub fn hold_body<B>(&self, body: B) -> PageBody<B> {
        let broken = Box::pin(self.0.broken.clone().cancelled_owned());
        PageBody { body: self.hold(body), broken }
    }

    fn current() -> Option<Self> {
        CURRENT.with_borrow(|current| current.last().cloned())
    }

    fn is_current(&self) -> bool {
        CURRENT.with_borrow(|current| current.iter().any(|current| Arc::ptr_eq(&current.0, &self.0)))
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
            held(&self.0.waiting).push(context.waker().clone());
            // It may have been given back before anybody knew that we wait.
            self.try_turn()
        })
    }

    fn taken<'a>(&'a self, guard: MutexGuard<'a, ()>) -> Turn<'a> {
        CURRENT.with_borrow_mut(|current| current.push(self.clone()));
        let around = Owner::current().map(|owner| owner.downgrade());
        let owner = held(&self.0.owner).as_ref().and_then(WeakOwner::upgrade);
        owner.as_ref().unwrap_or(&self.0.blank).set();
        Turn { strand: self, around, guard: Some(guard) }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As long as it is held, what runs here is what runs on the strand.
struct Turn<'a> {
    strand: &'a Strand,
    /// Whose turn it was on this thread before.
    around: Option<WeakOwner>,
    guard: Option<MutexGuard<'a, ()>>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *held(&self.strand.0.owner) = Owner::current().map(|owner| owner.downgrade());
        let is_inner = CURRENT.with_borrow_mut(|current| {
            current.pop();
            !current.is_empty()
        });
        let around = self.around.as_ref().filter(|_| is_inner).and_then(WeakOwner::upgrade);
        around.as_ref().unwrap_or(&NOBODY).set();
        // First given back, then told.
        self.guard = None;
        let waiting = std::mem::take(&mut *held(&self.strand.0.waiting));
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// What is polled and dropped on its strand.
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
        if strand.is_current() {
            return poll(inner.as_mut(), context);
        }
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

impl<T> Drop for OnStrand<T> {
    fn drop(&mut self) {
        // A runtime that shuts down drops at once what is spawned, in the middle of another's turn.
        let _turn = (!self.strand.is_current()).then(|| self.strand.turn());
        let dropped = catch_unwind(AssertUnwindSafe(|| self.inner = None));
        if dropped.is_err() {
            self.strand.0.broken.cancel();
        }
    }
}

/// The body of a page.
pub struct PageBody<B> {
    body: OnStrand<B>,
    broken: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<B> http_body::Body for PageBody<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.broken.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(Broken.into())));
        }
        let frame = self.body.poll_with(context, http_body::Body::poll_frame);
        frame.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.inner.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.inner.as_ref().map_or_else(SizeHint::default, http_body::Body::size_hint)
    }
}

/// Makes Leptos spawn on the strand of whoever spawns. It has one executor for the whole process, and the first that is set
/// stays.
pub fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        if Executor::init_custom_executor(OfTheStrand).is_err() {
            tracing::error!("Leptos has another executor already; the tasks of a page would run at the same time");
        }
    });
}

struct OfTheStrand;

impl CustomExecutor for OfTheStrand {
    fn spawn(&self, task: PinnedFuture<()>) {
        let Some(strand) = Strand::current() else {
            tokio::spawn(task);
            return;
        };
        let task = strand.hold(task);
        tokio::spawn(async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                strand.0.broken.cancel();
            }
        });
    }

    fn spawn_local(&self, task: PinnedLocalFuture<()>) {
        tokio::task::spawn_local(task);
    }

    fn poll_local(&self) {}
}

#[cfg(test)]
mod tests;
