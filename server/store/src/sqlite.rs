//! The queries and the settings of a connection for `SQLite`.

use std::time::Duration;

use diesel::{
    Connection, ConnectionError, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_types::Text,
};
use diesel_async::{
    AsyncConnection, SimpleAsyncConnection,
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod},
    sync_connection_wrapper::SyncConnectionWrapper,
};
use diesel_migrations::EmbeddedMigrations;
use futures::FutureExt;

use crate::{Result, StoreError, error::query_failed};

/// A connection.
pub type Conn = SyncConnectionWrapper<SqliteConnection>;
/// The migrations of this database.
pub const MIGRATIONS: EmbeddedMigrations = diesel_migrations::embed_migrations!("../../migrations/sqlite");
/// Counts the tables that record migrations: one or none.
const HAS_MIGRATIONS: &str =
    "SELECT count(*) AS tables FROM sqlite_master WHERE type = 'table' AND name = '__diesel_schema_migrations'";
/// WAL lets readers read while one writes. `NORMAL` may lose the last transactions when the power fails, and never
/// damages the file. Waiting for another writer ends after five seconds.
const SETTINGS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
                        PRAGMA foreign_keys = ON;";

/// Runs a write in a transaction that takes the write lock at once. One that begins by reading and writes later fails
/// when another one wrote in between, however long it would wait.
macro_rules! write_tx {
    ($connection:expr, $work:expr) => {
        $connection.immediate_transaction($work)
    };
}

/// Inserts rows within a transaction: one by one, because a list of rows cannot hold defaults here. There is no way to the
/// database that it would save.
macro_rules! insert_all {
    ($connection:expr, $table:expr, $rows:expr) => {
        for row in $rows {
            diesel_async::RunQueryDsl::execute(diesel::insert_into($table).values(row), $connection).await?;
        }
    };
}

#[expect(clippy::duplicate_mod, reason = "one text of every query is compiled once for every database")]
#[path = "queries/mod.rs"]
pub mod queries;

/// Makes connections. `SQLite` has no deadline for a statement; the deadline of the whole operation holds.
pub fn manager(path: &str, _statement_timeout: Duration) -> AsyncDieselConnectionManager<Conn> {
    let mut config = ManagerConfig::default();
    // There is no network that could have gone away.
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(|path| {
        async move {
            let mut connection = Conn::establish(path).await?;
            connection.batch_execute(SETTINGS).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
            Ok(connection)
        }
        .boxed()
    });
    AsyncDieselConnectionManager::new_with_config(path, config)
}

/// Runs `work` while no other process migrates. Blocks the thread.
///
/// All of it is one transaction. Foreign keys are off in it, because rebuilding a table would otherwise delete what
/// refers to its rows; before the end they are checked.
pub fn with_migration_lock<T>(path: &str, work: impl FnOnce(&mut SqliteConnection) -> Result<T>) -> Result<T> {
    #[derive(diesel::QueryableByName)]
    struct Orphan {
        #[diesel(sql_type = Text)]
        table: String,
    }
    let mut connection = SqliteConnection::establish(path).map_err(|e| StoreError::Unavailable(Box::new(e)))?;
    connection.batch_execute("PRAGMA busy_timeout = 60000; PRAGMA foreign_keys = OFF;").map_err(query_failed)?;
    connection.exclusive_transaction(|connection| {
        let done = work(connection)?;
        let orphans: Vec<Orphan> = diesel::sql_query("PRAGMA foreign_key_check").load(connection)?;
        match orphans.first() {
            Some(orphan) => Err(StoreError::Migration {
                name: "check of foreign keys".into(),
                source: format!("a row of {} refers to none", orphan.table).into(),
            }),
            None => Ok(done),
        }
    })
}
