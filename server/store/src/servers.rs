//! Servers on one database: who is there, and what they tell each other.
//!
//! Each server has a row of its own, in which it counts its signs of life and what it has told. The others learn by that one
//! small table whether there is anything to read.

use crate::{
    Result, Store,
    rows::server::{NewsRow, ServerRow},
};

/// A server on this database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerRecord {
    /// What it calls itself, at most 36 characters.
    pub id: String,
    /// Grows with each of its signs of life.
    pub beats: i64,
    /// The number of what it told last.
    pub told: i64,
}

impl Store {
    /// All servers that have joined and were not forgotten.
    pub async fn servers(&self) -> Result<Vec<ServerRecord>> {
        let rows = dispatch!(self, servers::all())?;
        Ok(rows.into_iter().map(|ServerRow { id, beats, told }| ServerRecord { id, beats, told }).collect())
    }

    /// Makes the server known to the others.
    pub async fn join_servers(&self, id: &str) -> Result<()> {
        let id = id.to_owned();
        dispatch!(self, servers::join(&id))
    }

    /// Gives a sign of life, and forgets what the server told up to the number `forget`. False when the others have forgotten
    /// the server.
    pub async fn beat(&self, id: &str, forget: i64) -> Result<bool> {
        let id = id.to_owned();
        dispatch!(self, servers::beat(&id, forget))
    }

    /// Tells the other servers these things, the first one with the number `first`. False when the others have forgotten the
    /// server; then nothing is told.
    pub async fn tell_servers(&self, id: &str, first: i64, contents: &[String]) -> Result<bool> {
        let rows: Vec<_> = (first..)
            .zip(contents)
            .map(|(number, content)| NewsRow { server_id: id.to_owned(), number, content: content.clone() })
            .collect();
        let Some(told) = rows.last().map(|row| row.number) else { return Ok(true) };
        let id = id.to_owned();
        dispatch!(self, servers::tell(&id, &rows, told))
    }

    /// What the server told after `number`, with the numbers, oldest first.
    pub async fn told_after(&self, id: &str, number: i64, limit: u32) -> Result<Vec<(i64, String)>> {
        let (id, limit) = (id.to_owned(), i64::from(limit));
        let rows = dispatch!(self, servers::told_after(&id, number, limit))?;
        Ok(rows.into_iter().map(|row| (row.number, row.content)).collect())
    }

    /// The server itself leaves.
    pub async fn leave_servers(&self, id: &str) -> Result<()> {
        let id = id.to_owned();
        dispatch!(self, servers::forget(&id, None))
    }

    /// Forgets a server that is not heard of, unless it has given a sign of life after `beats`.
    pub async fn forget_server(&self, id: &str, beats: i64) -> Result<()> {
        let id = id.to_owned();
        dispatch!(self, servers::forget(&id, Some(beats)))
    }
}
