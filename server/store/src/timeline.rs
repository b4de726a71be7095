//! Timelines of tasks and agents. Entries are only ever added.

use domain::{Event, Subject, UserId};

use crate::{NewEvent, Result, Store};

impl Store {
    /// Adds an entry. [`Missing`](crate::StoreError::Missing) when its subject does not exist (any more).
    pub async fn insert_event(&self, event: &NewEvent) -> Result<()> {
        let _ = event;
        todo!()
    }

    /// The last `limit` entries about the owner's task or agent, newest last. Empty when the owner has no such thing.
    pub async fn events(&self, owner: UserId, subject: Subject, limit: u32) -> Result<Vec<Event>> {
        let _ = (owner, subject, limit);
        todo!()
    }
}
