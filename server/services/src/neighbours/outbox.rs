//! What is to be told to other servers, until it is written down.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use domain::{LiveEvent, UserId};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::live::Ended;

/// Most things that wait to be told. Beyond that the others are told to read everything again.
const WAITING: usize = 250;

/// What servers tell each other.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum News {
    /// Something of this user's has changed.
    Event { owner: UserId, event: Box<LiveEvent> },
    /// A session or a token of the user's was ended.
    Ended { owner: UserId, ended: Ended },
    /// A task of the user's may have become free.
    Ring { owner: UserId },
    /// Anything may have happened.
    Resync,
}

impl News {
    /// As it is written down.
    pub(super) fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "news could not be written down");
            r#"{"kind":"resync"}"#.to_owned()
        })
    }

    /// As it was written down. What a server of another version says and this one does not know may be anything.
    pub(super) fn read(content: &str) -> Self {
        serde_json::from_str(content).unwrap_or(Self::Resync)
    }
}

/// What waits to be told. Closed, and then empty, while there is nobody to tell it to.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    is_open: AtomicBool,
    waiting: Mutex<VecDeque<News>>,
    filled: Notify,
    waited_for: Notify,
}

impl Outbox {
    pub(crate) fn put(&self, news: News) {
        if !self.is_open.load(Ordering::Acquire) {
            return;
        }
        {
            let mut waiting = self.waiting();
            if waiting.len() >= WAITING {
                waiting.clear();
                waiting.push_back(News::Resync);
            } else {
                waiting.push_back(news);
            }
        }
        self.filled.notify_one();
    }

    /// Somebody here begins to wait for what others may tell.
    pub(crate) fn wait_begins(&self) {
        self.waited_for.notify_one();
    }

    pub(super) fn open(&self) {
        self.is_open.store(true, Ordering::Release);
    }

    pub(super) fn close(&self) {
        self.is_open.store(false, Ordering::Release);
    }

    /// Ends when something was put in since the last time.
    pub(super) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Ends when somebody has begun to wait since the last time.
    pub(super) async fn waited_for(&self) {
        self.waited_for.notified().await;
    }

    pub(super) fn take(&self) -> VecDeque<News> {
        std::mem::take(&mut *self.waiting())
    }

    /// What could not be told stays before what came meanwhile.
    pub(super) fn put_back(&self, mut news: VecDeque<News>) {
        let mut waiting = self.waiting();
        news.append(&mut waiting);
        *waiting = if news.len() > WAITING { VecDeque::from([News::Resync]) } else { news };
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<News>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn ring(number: usize) -> News {
        News::Ring { owner: UserId::from_uuid(Uuid::from_u128(number.try_into().unwrap())) }
    }

    #[test]
    fn nothing_is_kept_for_nobody_and_too_much_becomes_a_call_to_read_again() {
        let outbox = Outbox::default();
        outbox.put(ring(0));
        assert!(outbox.take().is_empty());
        outbox.open();
        (0..WAITING).for_each(|number| outbox.put(ring(number)));
        let news = outbox.take();
        assert_eq!(news.len(), WAITING);
        outbox.put(ring(WAITING));
        outbox.put_back(news);
        assert_eq!(outbox.take(), [News::Resync]);
        (0..=WAITING).for_each(|number| outbox.put(ring(number)));
        assert_eq!(outbox.take(), [News::Resync]);
        outbox.put(ring(2));
        outbox.put_back([ring(1)].into());
        assert_eq!(outbox.take(), [ring(1), ring(2)]);
    }

    #[test]
    fn what_cannot_be_understood_may_be_anything() {
        assert_eq!(News::read(&ring(7).written()), ring(7));
        for strange in ["", "{}", r#"{"kind":"of a newer version"}"#] {
            assert_eq!(News::read(strange), News::Resync);
        }
    }
}
