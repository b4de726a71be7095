//! Timelines of tasks and agents. Entries are only ever added.

use domain::{Event, Subject, UserId};

use crate::{NewEvent, Result, Store, rows::event::EventRow};

impl Store {
    /// Adds an entry. [`Missing`](crate::StoreError::Missing) when its subject does not exist (any more).
    pub async fn insert_event(&self, event: &NewEvent) -> Result<()> {
        let row = EventRow::try_from(event)?;
        dispatch!(self, timeline::insert(&row))
    }

    /// The last `limit` entries about the owner's task or agent, newest last. Empty when the owner has no such thing.
    pub async fn events(&self, owner: UserId, subject: Subject, limit: u32) -> Result<Vec<Event>> {
        let (owner, limit) = (owner.to_string(), i64::from(limit));
        let newest_first = match subject {
            Subject::Task(id) => {
                let id = id.to_string();
                dispatch!(self, timeline::of_task(&owner, &id, limit))?
            }
            Subject::Agent(id) => {
                let id = id.to_string();
                dispatch!(self, timeline::of_agent(&owner, &id, limit))?
            }
        };
        newest_first.into_iter().rev().map(Event::try_from).collect()
    }
}
