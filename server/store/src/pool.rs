//! The open database: connections, deadlines, and the one way by which every query runs.

use std::{future::Future, sync::Arc, time::Duration};

use diesel::ConnectionError;
use diesel_async::pooled_connection::{
    PoolError as ConnectError,
    deadpool::{Pool, PoolError},
};
use secrecy::ExposeSecret;
use tokio::time::error::Elapsed;
use tracing::Instrument;

use crate::{
    Backend, Result, StoreConfig, StoreError,
    address::Address,
    database_file::{self, Presence},
    error::{is_storage, query_failed},
    mysql, postgres, sqlite,
};

/// How many times an operation is tried that the database ended for another one's sake.
pub const TRIES: u32 = 5;
/// An operation is a handful of statements; it may take as long as this many of the slowest ones.
const SLOW_STATEMENTS_PER_OPERATION: u32 = 2;

/// Runs a query on whichever database is open: `dispatch!(self, users::find(&id))`. What the arguments refer to moves
/// into the operation's task, so it must be owned by the caller.
macro_rules! dispatch {
    ($store:expr, $file:ident :: $query:ident ( $($argument:expr),* $(,)? )) => {
        match $store.pools.clone() {
            $crate::pool::Pools::Sqlite(pool) => dispatch!(@run sqlite, pool, $store, $file::$query($($argument),*)),
            $crate::pool::Pools::Postgres(pool) => dispatch!(@run postgres, pool, $store, $file::$query($($argument),*)),
            $crate::pool::Pools::Mysql(pool) => dispatch!(@run mysql, pool, $store, $file::$query($($argument),*)),
        }
    };
    (@run $backend:ident, $pool:ident, $store:expr, $file:ident :: $query:ident ( $($argument:expr),* )) => {{
        let deadlines = $store.deadlines;
        $crate::pool::in_own_task(async move {
            let waiting = tokio::time::timeout(deadlines.acquire, $pool.get()).await;
            let mut connection = $crate::pool::acquired(waiting)?;
            let mut tries = 1;
            loop {
                let query = $crate::$backend::queries::$file::$query(&mut connection, $($argument),*);
                match tokio::time::timeout(deadlines.operation, query).await {
                    Ok(Ok(found)) => break Ok(found),
                    Ok(Err(error)) if tries < $crate::pool::TRIES && $crate::error::is_transient(&error) => tries += 1,
                    Ok(Err(error)) => break Err($crate::error::query_failed(error)),
                    Err(_) => {
                        // It is in the middle of something, so it must not serve anybody else.
                        drop(diesel_async::pooled_connection::deadpool::Object::take(connection));
                        break Err($crate::StoreError::Timeout(deadlines.operation));
                    }
                }
            }
        })
        .await
    }};
}

/// The connections to one kind of database.
#[derive(Clone)]
pub enum Pools {
    Sqlite(Pool<sqlite::Conn>),
    Postgres(Pool<postgres::Conn>),
    Mysql(Pool<mysql::Conn>),
}

/// The open database. Clones share its connections.
///
/// Every operation runs in a task of its own. A caller that goes away (a closed browser tab drops its request) cannot
/// leave a transaction open or an answer half read: the task ends what it began.
#[derive(Clone)]
pub struct Store {
    pub(crate) pools: Pools,
    pub(crate) deadlines: Deadlines,
    /// For migrations, which need connections of another kind. May hold a password.
    pub(crate) url: Arc<str>,
    /// Which server is alive, where the database is a file.
    pub(crate) presence: Option<Arc<Presence>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("backend", &self.backend()).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database and checks that it answers. A `SQLite` file and its folder are made when missing; nothing is
    /// migrated.
    pub async fn connect(config: &StoreConfig) -> Result<Self> {
        let StoreConfig { url, max_connections, acquire_timeout, statement_timeout } = config;
        let deadlines = Deadlines {
            acquire: *acquire_timeout,
            operation: statement_timeout.saturating_mul(SLOW_STATEMENTS_PER_OPERATION),
        };
        macro_rules! pool {
            ($backend:ident, $url:expr) => {
                Pool::builder($backend::manager($url, *statement_timeout))
                    .max_size((*max_connections).max(1))
                    .build()
                    .map_err(|e| StoreError::Unavailable(Box::new(e)))?
            };
        }
        let (url, pools, presence) = match Address::parse(url.expose_secret())? {
            Address::Sqlite(path) => {
                let path = database_file::prepare(path).await?;
                let pool = pool!(sqlite, &path);
                let presence = Presence::beside(&path);
                (path, Pools::Sqlite(pool), Some(Arc::new(presence)))
            }
            Address::Postgres(url) => {
                let pool = pool!(postgres, &url);
                (url, Pools::Postgres(pool), None)
            }
            Address::Mysql(url) => {
                let pool = pool!(mysql, &url);
                (url, Pools::Mysql(pool), None)
            }
        };
        let store = Self { pools, deadlines, url: url.into(), presence };
        store.ping().await?;
        Ok(store)
    }

    /// Which kind of database it is.
    pub fn backend(&self) -> Backend {
        match self.pools {
            Pools::Sqlite(_) => Backend::Sqlite,
            Pools::Postgres(_) => Backend::Postgres,
            Pools::Mysql(_) => Backend::Mysql,
        }
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<()> {
        dispatch!(self, schema::ping())
    }
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// Waiting for a connection, and opening one.
    pub acquire: Duration,
    /// All statements of one operation together.
    pub operation: Duration,
}

/// Runs to the end even if the caller does not wait for it. What waits is small: the work moves into its task at once, and
/// is no part of the caller's own future, of which many may wait for long.
pub fn in_own_task<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> impl Future<Output = Result<T>> + Send {
    let task = tokio::spawn(work.in_current_span());
    async move {
        match task.await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(cancelled) => Err(StoreError::Unavailable(Box::new(cancelled))),
            },
        }
    }
}

/// The connection that was waited for, or why there is none.
pub fn acquired<C>(outcome: std::result::Result<std::result::Result<C, PoolError>, Elapsed>) -> Result<C> {
    let error = match outcome {
        Ok(Ok(connection)) => return Ok(connection),
        Ok(Err(PoolError::Backend(ConnectError::ConnectionError(error)))) => error,
        Ok(Err(other)) => return Err(StoreError::Unavailable(Box::new(other))),
        Err(elapsed) => return Err(StoreError::Unavailable(Box::new(elapsed))),
    };
    let text = error.to_string();
    match error {
        ConnectionError::InvalidConnectionUrl(_) => Err(StoreError::Address(text)),
        // tokio-postgres has no kind of error for an address that it cannot read.
        _ if text.contains("invalid connection string") => Err(StoreError::Address(text)),
        ConnectionError::CouldntSetupConfiguration(error) if is_storage(&error) => Err(query_failed(error)),
        _ => Err(StoreError::Unavailable(Box::new(error))),
    }
}
