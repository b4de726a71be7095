//! The queries and the settings of a connection for `PostgreSQL`.

use std::time::Duration;

use diesel::{Connection, ConnectionError, connection::SimpleConnection};
use diesel_async::{
    AsyncConnection, AsyncPgConnection, SimpleAsyncConnection,
    async_connection_wrapper::AsyncConnectionWrapper,
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig},
};
use diesel_migrations::EmbeddedMigrations;
use futures::FutureExt;

use crate::{Result, StoreError, error::query_failed};

/// A connection.
pub type Conn = AsyncPgConnection;
/// A connection for migrations, which block.
pub type BlockingConn = AsyncConnectionWrapper<Conn>;
/// The migrations of this database.
pub const MIGRATIONS: EmbeddedMigrations = diesel_migrations::embed_migrations!("../../migrations/postgres");
/// Counts the tables that record migrations: one or none.
const HAS_MIGRATIONS: &str = "SELECT count(*) AS tables FROM pg_catalog.pg_tables \
                              WHERE schemaname = current_schema() AND tablename = '__diesel_schema_migrations'";
/// Held while migrating. The number is the name `aiworker` in ASCII.
const LOCK: &str = "SET lock_timeout = '60s'; SELECT pg_advisory_lock(7019267256432321906);";

/// Runs a write in a transaction.
macro_rules! write_tx {
    ($connection:expr, $work:expr) => {
        diesel_async::AsyncConnection::transaction($connection, $work)
    };
}

/// Inserts rows, at least one, within a transaction: all by one statement.
macro_rules! insert_all {
    ($connection:expr, $table:expr, $rows:expr) => {
        diesel_async::RunQueryDsl::execute(diesel::insert_into($table).values($rows), $connection).await?
    };
}

#[expect(clippy::duplicate_mod, reason = "one text of every query is compiled once for every database")]
#[path = "queries/mod.rs"]
pub mod queries;

/// Makes connections that end a statement, or a wait for a lock, after `statement_timeout`.
pub fn manager(url: &str, statement_timeout: Duration) -> AsyncDieselConnectionManager<Conn> {
    let millis = statement_timeout.as_millis().max(1);
    // The server may be set to another isolation; the queries count on this one.
    let settings = format!(
        "SET statement_timeout = {millis}; SET lock_timeout = {millis}; \
         SET idle_in_transaction_session_timeout = {millis}; \
         SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;"
    );
    let mut config = ManagerConfig::default();
    config.custom_setup = Box::new(move |url| {
        let settings = settings.clone();
        async move {
            let mut connection = Conn::establish(url).await?;
            connection.batch_execute(&settings).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
            Ok(connection)
        }
        .boxed()
    });
    AsyncDieselConnectionManager::new_with_config(url, config)
}

/// Runs `work` while no other process migrates. Blocks the thread. The lock ends with the connection.
pub fn with_migration_lock<T>(url: &str, work: impl FnOnce(&mut BlockingConn) -> Result<T>) -> Result<T> {
    let mut connection =
        <BlockingConn as Connection>::establish(url).map_err(|e| StoreError::Unavailable(Box::new(e)))?;
    SimpleConnection::batch_execute(&mut connection, LOCK).map_err(query_failed)?;
    work(&mut connection)
}
