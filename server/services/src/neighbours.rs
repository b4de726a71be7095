//! The other servers on the same database. What is told to this server's own pages and waiting agents is told to those of the
//! others too, within a fraction of a second.
//!
//! A server alone writes and reads next to nothing. With others it writes down what it tells, in its own order, and all look
//! at one small table that says whether there is anything to read: often while somebody waits for it, seldom otherwise. One
//! look serves everybody who waits here. Where something may have been missed, because a server is new or was killed, the
//! word is [`LiveEvent::Resync`].

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use domain::{LiveEvent, Timestamp};
use store::{ServerRecord, StoreError};
use tokio_util::sync::CancellationToken;

use crate::{
    Inner,
    clock::{elapsed, later, within},
};

mod outbox;

pub(crate) use outbox::{News, Outbox};

/// How often it is looked whether others have told anything, while somebody here waits for it.
const LOOK_OFTEN: Duration = Duration::from_millis(100);
/// How often otherwise, and how long it may take until servers know of each other.
const LOOK_SELDOM: Duration = Duration::from_secs(1);
/// How often a server gives a sign of life. What it told before the last but one is forgotten then.
const BEAT_EVERY: Duration = Duration::from_secs(5);
/// A server of which nothing was heard for so long is taken for dead.
const SILENT_AFTER: Duration = Duration::from_secs(15);
/// Most things that are read from one server at once. Who is further behind reads everything again.
const READ_AT_ONCE: u32 = 500;
/// How long leaving may take: the others notice by themselves, only later.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// What tells other servers on the database and hears of them. A server runs one, for as long as it changes anything.
pub struct Neighbours(pub(crate) Arc<Inner>);

impl Neighbours {
    /// Runs until `stop`, and says goodbye.
    pub async fn run(&self, stop: CancellationToken) {
        let inner = &*self.0;
        let mut here = Here::new(inner);
        tokio::select! {
            () = stop.cancelled() => {}
            () = here.stay(inner) => {}
        }
        inner.outbox.close();
        if within(&*inner.clock, LEAVE_WITHIN, here.leave(inner)).await.is_none() {
            tracing::debug!("the other servers could not be told that this one leaves");
        }
    }
}

/// What is known of another server.
#[derive(Debug)]
struct Neighbour {
    beats: i64,
    /// Since when its count of signs of life has been this one, by our clock.
    since: Timestamp,
    /// The number up to which was read what it told.
    read: i64,
}

impl Neighbour {
    fn new(server: &ServerRecord, read: i64, now: Timestamp) -> Self {
        Self { beats: server.beats, since: now, read }
    }

    /// Takes in what the server has told since. False when some of that is missing.
    async fn read_on(&mut self, inner: &Inner, server: &ServerRecord) -> Result<bool, StoreError> {
        let news = inner.store.told_after(&server.id, self.read, READ_AT_ONCE).await?;
        let last = news.last().map_or(server.told, |(last, _)| *last);
        let is_whole = news.first().is_some_and(|(first, _)| *first == self.read + 1) && last >= server.told;
        self.read = last.max(server.told);
        if is_whole {
            for (_, content) in &news {
                inner.take_in(News::read(content));
            }
        }
        Ok(is_whole)
    }
}

/// This server among the others.
#[derive(Debug)]
struct Here {
    /// What it calls itself.
    me: String,
    has_joined: bool,
    beat_at: Timestamp,
    /// The number of what it told last, and what that was at the last two signs of life.
    told: i64,
    told_before: [i64; 2],
    others: HashMap<String, Neighbour>,
}

impl Here {
    fn new(inner: &Inner) -> Self {
        let now = inner.clock.now();
        let (me, others) = (String::new(), HashMap::new());
        Self { me, has_joined: false, beat_at: now, told: 0, told_before: [0; 2], others }
    }

    async fn stay(&mut self, inner: &Inner) {
        loop {
            let mut pause = LOOK_SELDOM;
            match self.round(inner).await {
                // The others took this server for dead: a hung machine, a clock that jumped. It begins anew.
                Ok(()) if !self.has_joined => {
                    *self = Self::new(inner);
                    continue;
                }
                Ok(()) if !self.others.is_empty() && inner.is_waited_for() => pause = LOOK_OFTEN,
                Ok(()) => {}
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::debug!(error, "other servers could not be told or heard of");
                }
            }
            let begins_to_wait = pause > LOOK_OFTEN && !self.others.is_empty();
            tokio::select! {
                () = inner.clock.sleep_until(later(inner.clock.now(), pause)) => {}
                () = inner.outbox.filled() => {}
                () = inner.outbox.waited_for(), if begins_to_wait => {}
            }
        }
    }

    /// Tells what is to be told, and hears what was.
    async fn round(&mut self, inner: &Inner) -> Result<(), StoreError> {
        if !self.has_joined {
            self.join(inner).await?;
        }
        let now = inner.clock.now();
        if now >= self.beat_at {
            self.has_joined = inner.store.beat(&self.me, self.told_before[0]).await?;
            self.told_before = [self.told_before[1], self.told];
            self.beat_at = later(now, BEAT_EVERY);
        }
        self.tell(inner).await?;
        if self.has_joined { self.hear(inner).await } else { Ok(()) }
    }

    /// Who is there first is known before the others learn of this server: what they tell from then on is read.
    async fn join(&mut self, inner: &Inner) -> Result<(), StoreError> {
        // A new name each time, because the answer to an earlier try may have been lost.
        let (me, now) = inner.ids.next();
        self.me = me.to_string();
        let others = inner.store.servers().await?;
        inner.store.join_servers(&self.me).await?;
        let known = |server: ServerRecord| (server.id.clone(), Neighbour::new(&server, server.told, now));
        self.others = others.into_iter().map(known).collect();
        self.has_joined = true;
        self.beat_at = later(now, BEAT_EVERY);
        if !self.others.is_empty() {
            inner.outbox.open();
            // They said things while nobody here listened, and something of this server's may not have reached them.
            inner.outbox.put(News::Resync);
            inner.take_in(News::Resync);
        }
        Ok(())
    }

    async fn tell(&mut self, inner: &Inner) -> Result<(), StoreError> {
        let news = inner.outbox.take();
        if news.is_empty() {
            return Ok(());
        }
        let contents: Vec<_> = news.iter().map(News::written).collect();
        match inner.store.tell_servers(&self.me, self.told + 1, &contents).await {
            Ok(true) => self.told += i64::try_from(contents.len()).unwrap_or(i64::MAX),
            Ok(false) => self.has_joined = false,
            Err(error) => {
                inner.outbox.put_back(news);
                return Err(error);
            }
        }
        Ok(())
    }

    async fn hear(&mut self, inner: &Inner) -> Result<(), StoreError> {
        let now = inner.clock.now();
        let mut servers = inner.store.servers().await?;
        servers.retain(|server| server.id != self.me);
        // Those that went away may have said something in the end, or have been killed before they could.
        let known = self.others.len();
        self.others.retain(|id, _| servers.iter().any(|server| server.id == *id));
        let (mut is_new, mut is_behind) = (false, self.others.len() < known);
        for server in servers {
            let known = self.others.entry(server.id.clone()).or_insert_with(|| {
                is_new = true;
                Neighbour::new(&server, 0, now)
            });
            if known.beats != server.beats {
                (known.beats, known.since) = (server.beats, now);
            }
            if elapsed(known.since, now) >= SILENT_AFTER {
                // Whoever looks next finds it gone, this server too.
                inner.store.forget_server(&server.id, server.beats).await?;
            } else if server.told > known.read {
                is_behind |= !known.read_on(inner, &server).await?;
            }
        }
        inner.neighbours.store(self.others.len(), Ordering::Relaxed);
        if self.others.is_empty() {
            inner.outbox.close();
        } else {
            inner.outbox.open();
        }
        if is_new {
            // What it was not told before this moment.
            inner.outbox.put(News::Resync);
        }
        if is_behind {
            inner.take_in(News::Resync);
        }
        Ok(())
    }

    async fn leave(&mut self, inner: &Inner) {
        if !self.has_joined {
            return;
        }
        let told = self.tell(inner).await;
        if let Err(error) = told.and(inner.store.leave_servers(&self.me).await) {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "the other servers think this one is still there"
            );
        }
    }
}

impl Inner {
    /// Whether anybody here waits for what others may tell.
    fn is_waited_for(&self) -> bool {
        self.live.has_listeners() || self.bells.are_heard()
    }

    /// Agents that wait for a task of this owner look again, on every server.
    pub(crate) fn ring(&self, owner: domain::UserId) {
        self.bells.ring(owner);
        self.outbox.put(News::Ring { owner });
    }

    /// Tells this server's own pages and agents what another one said.
    fn take_in(&self, news: News) {
        match news {
            News::Event { owner, event } => {
                match &*event {
                    LiveEvent::Task(task) if task.lease.is_none() => self.bells.ring(owner),
                    LiveEvent::Agent(agent) => self.wake_ups.wake(agent.id),
                    _ => {}
                }
                self.live.tell(owner, *event);
            }
            News::Ended { owner, ended } => self.live.end_here(owner, ended),
            News::Ring { owner } => self.bells.ring(owner),
            News::Resync => {
                self.bells.ring_all();
                self.live.publish_to_all(&LiveEvent::Resync);
            }
        }
    }
}

#[cfg(test)]
mod tests;
