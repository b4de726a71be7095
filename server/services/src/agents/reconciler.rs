//! The loop that makes agents be what they shall be: who is looked at when, and how many at a time.

use std::{
    collections::HashSet,
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use domain::{AgentId, Observation, Timestamp};
use futures::{
    FutureExt as _, StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    back_off,
    heard::Heard,
    others,
    queue::Queue,
    reconcile::{Halt, Next},
    restarts::Ledger,
    resync::Resynced,
    term::{self, Term, Watched},
};
use crate::{Inner, clock::later, entropy, leases::REAP_EVERY};

/// Agents that are looked at and worked on at one time.
const AT_ONCE: usize = 8;
/// How often every agent is looked at even though nothing happened, before jitter.
const RESYNC: Duration = Duration::from_mins(1);
/// Failed looks in a row after which the agent itself says that the runtime does not answer.
const TRIES_BEFORE_TELLING: u32 = 2;

/// Makes agents be what they shall be. A server runs one; of several servers that share a database, one at a time does it.
pub struct Reconciler {
    inner: Arc<Inner>,
    /// What this server calls itself to the others.
    me: String,
}

/// What a task of the loop brought back.
enum Done {
    Looked(AgentId, Result<Next, Option<Halt>>),
    Resynced(u64, Resynced),
    Reaped,
}

/// What the loop knows.
struct Round {
    ledger: Arc<Ledger>,
    queue: Queue,
    tasks: JoinSet<Done>,
    heard: Heard,
    events: BoxStream<'static, Observation>,
    resync_at: Timestamp,
    reap_at: Timestamp,
}

impl Reconciler {
    pub(crate) fn new(inner: Arc<Inner>) -> Self {
        let me = inner.ids.next().0.to_string();
        Self { inner, me }
    }

    /// Runs until `stop`. What is in the middle of something then is dropped: the next run, here or on another server, finds
    /// it and goes on.
    pub async fn run(&self, stop: CancellationToken) {
        tokio::select! {
            () = self.take_turns(&stop) => {}
            () = others::follow(Arc::clone(&self.inner)) => {}
        }
    }

    /// In office and out of it.
    async fn take_turns(&self, stop: &CancellationToken) {
        let (inner, mut watched) = (&self.inner, Watched::default());
        while !stop.is_cancelled() {
            match inner.take_office(&self.me, &mut watched).await {
                Ok(Some(term)) => {
                    tracing::debug!(epoch = term.epoch(), "this server reconciles");
                    inner.in_office.store(true, Ordering::Relaxed);
                    tokio::select! {
                        () = self.reconcile(&term, stop) => {}
                        () = inner.stay_in_office(&self.me, &term) => {}
                    }
                    inner.in_office.store(false, Ordering::Relaxed);
                    continue;
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "who reconciles could not be found out");
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = inner.clock.sleep_until(later(inner.clock.now(), term::LOOK_EVERY)) => {}
            }
        }
        if let Err(error) = inner.store.release_term(&self.me).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the others must wait for the end of the term");
        }
    }

    /// Reconciles until `stop`. Dropped when another server's term has begun.
    async fn reconcile(&self, term: &Arc<Term>, stop: &CancellationToken) {
        let mut round = Round {
            ledger: Arc::new(Ledger::in_term(term)),
            queue: Queue::default(),
            tasks: JoinSet::new(),
            heard: Heard::default(),
            events: self.inner.runtime.events(),
            resync_at: self.inner.clock.now(),
            reap_at: self.inner.clock.now(),
        };
        while !stop.is_cancelled() {
            self.begin_tasks(&mut round);
            let rest = round.resync_at.min(round.reap_at);
            let pause = round.queue.next_due().map_or(rest, |due| due.min(rest));
            tokio::select! {
                // What was said is heard before the next look, so that none begins with what is over.
                biased;
                () = stop.cancelled() => break,
                seen = round.events.next() => match seen {
                    Some(seen) => {
                        round.queue.wake(seen.agent_id);
                        round.heard.hear(seen);
                    }
                    None => round.events = stream::pending().boxed(),
                },
                woken = self.inner.wake_ups.next() => for id in woken {
                    round.queue.wake(id);
                    round.heard.doubt(id);
                },
                Some(done) = round.tasks.join_next() => match done {
                    Ok(done) => self.finish(&mut round, done),
                    Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "a task was lost"),
                },
                () = self.inner.clock.sleep_until(pause) => {}
            }
        }
        round.tasks.shutdown().await;
    }

    fn begin_tasks(&self, round: &mut Round) {
        let now = self.inner.clock.now();
        if now >= round.resync_at {
            round.resync_at = later(now, back_off::jitter(RESYNC, entropy::seed(&*self.inner.entropy)));
            round.events = self.inner.runtime.events();
            let number = round.heard.begin_survey();
            let (inner, ledger) = (Arc::clone(&self.inner), Arc::clone(&round.ledger));
            round.tasks.spawn(async move { Done::Resynced(number, inner.resync(&ledger).await) });
        }
        if now >= round.reap_at {
            round.reap_at = later(now, REAP_EVERY);
            let inner = Arc::clone(&self.inner);
            round.tasks.spawn(async move {
                if let Err(error) = inner.reap().await {
                    tracing::warn!(error = &error as &dyn std::error::Error, "expired leases could not be dealt with");
                }
                Done::Reaped
            });
        }
        while round.queue.running() < AT_ONCE {
            let Some(id) = round.queue.take(now) else { break };
            let (inner, ledger) = (Arc::clone(&self.inner), Arc::clone(&round.ledger));
            let heard = round.heard.take(id);
            round.tasks.spawn(async move { Done::Looked(id, look(&inner, &ledger, id, heard).await) });
        }
    }

    fn finish(&self, round: &mut Round, done: Done) {
        let Round { queue, ledger, heard, .. } = round;
        let now = self.inner.clock.now();
        let back_off = |tries| later(now, back_off::wait(tries, entropy::seed(&*self.inner.entropy)));
        match done {
            Done::Reaped => {}
            Done::Resynced(number, Resynced { unsettled, found }) => {
                let in_line: HashSet<_> = unsettled.into_iter().filter(|id| queue.remind(*id)).collect();
                let found = found.into_iter().filter(|seen| in_line.contains(&seen.agent_id));
                found.for_each(|seen| heard.survey(number, seen));
            }
            Done::Looked(id, Ok(Next::Settled)) => queue.settle(id),
            Done::Looked(id, Ok(Next::Gone)) => queue.forget(id),
            Done::Looked(id, Ok(Next::After(wait))) => queue.postpone(id, later(now, wait), false),
            Done::Looked(id, Ok(Next::Unsettled)) => queue.postpone(id, back_off(queue.tries(id)), true),
            Done::Looked(id, Err(halt)) => {
                let tries = queue.tries(id);
                self.report(ledger, id, tries, halt);
                queue.postpone(id, back_off(tries), true);
            }
        }
    }

    /// Says what went wrong, in the server's log and, when it lasts, on the agent.
    fn report(&self, ledger: &Arc<Ledger>, id: AgentId, tries: u32, halt: Option<Halt>) {
        let Some(halt) = halt else {
            tracing::error!(agent.id = %id, "looking at the agent panicked");
            return;
        };
        tracing::warn!(agent.id = %id, tries, error = &halt as &dyn std::error::Error, "will look at the agent again");
        if matches!(halt, Halt::Runtime(_)) && tries + 1 >= TRIES_BEFORE_TELLING {
            let (inner, ledger) = (Arc::clone(&self.inner), Arc::clone(ledger));
            tokio::spawn(async move {
                if let Err(error) = inner.record_runtime_unavailable(&ledger, id).await {
                    tracing::debug!(agent.id = %id, error = &error as &dyn std::error::Error, "could not say so");
                }
            });
        }
    }
}

/// One look, which a fault in it does not take the loop down with.
async fn look(inner: &Inner, restarts: &Ledger, id: AgentId, heard: Option<Observation>) -> Result<Next, Option<Halt>> {
    match AssertUnwindSafe(inner.reconcile(restarts, id, heard)).catch_unwind().await {
        Ok(outcome) => outcome.map_err(Some),
        Err(_) => Err(None),
    }
}
