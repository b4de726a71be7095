//! The queries and the settings of a connection for `MySQL` and `MariaDB`.

use std::time::Duration;

use diesel::{Connection, ConnectionError, RunQueryDsl, result::QueryResult, sql_types::Text};
use diesel_async::{
    AsyncConnection, AsyncMysqlConnection, RunQueryDsl as AsyncRunQueryDsl, SimpleAsyncConnection,
    async_connection_wrapper::AsyncConnectionWrapper,
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig},
};
use diesel_migrations::EmbeddedMigrations;
use futures::FutureExt;

use crate::{Result, StoreError};

/// A connection.
pub type Conn = AsyncMysqlConnection;
/// A connection for migrations, which block.
pub type BlockingConn = AsyncConnectionWrapper<Conn>;
/// The migrations of this database.
pub const MIGRATIONS: EmbeddedMigrations = diesel_migrations::embed_migrations!("../../migrations/mysql");
/// Counts the tables that record migrations: one or none.
const HAS_MIGRATIONS: &str = "SELECT count(*) AS tables FROM information_schema.tables \
                              WHERE table_schema = DATABASE() AND table_name = '__diesel_schema_migrations'";
/// Held while migrating. Names of locks belong to the whole server and have at most 64 characters.
const LOCK: &str = "SELECT CAST(GET_LOCK(LEFT(CONCAT('aiworker.', DATABASE()), 64), 60) AS CHAR) AS taken";

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
    let mut config = ManagerConfig::default();
    config.custom_setup = Box::new(move |url| {
        async move {
            let mut connection = Conn::establish(url).await?;
            set_up(&mut connection, statement_timeout).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
            Ok(connection)
        }
        .boxed()
    });
    AsyncDieselConnectionManager::new_with_config(url, config)
}

async fn set_up(connection: &mut Conn, statement_timeout: Duration) -> QueryResult<()> {
    #[derive(diesel::QueryableByName)]
    struct Server {
        #[diesel(sql_type = Text)]
        version: String,
    }
    let seconds = statement_timeout.as_secs().max(1);
    // Strict: a value that does not fit is an error and not cut. The default isolation reads old rows in a transaction.
    let settings = format!(
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', \
         SESSION innodb_lock_wait_timeout = {seconds}"
    );
    connection.batch_execute(&settings).await?;
    connection.batch_execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await?;
    let server: Server =
        AsyncRunQueryDsl::get_result(diesel::sql_query("SELECT VERSION() AS version"), connection).await?;
    let deadline = if server.version.contains("MariaDB") {
        format!("SET SESSION max_statement_time = {seconds}")
    } else {
        format!("SET SESSION max_execution_time = {}", statement_timeout.as_millis().max(1))
    };
    connection.batch_execute(&deadline).await
}

/// Runs `work` while no other process migrates. Blocks the thread. The lock ends with the connection.
pub fn with_migration_lock<T>(url: &str, work: impl FnOnce(&mut BlockingConn) -> Result<T>) -> Result<T> {
    #[derive(diesel::QueryableByName)]
    struct Lock {
        #[diesel(sql_type = diesel::sql_types::Nullable<Text>)]
        taken: Option<String>,
    }
    let mut connection =
        <BlockingConn as Connection>::establish(url).map_err(|e| StoreError::Unavailable(Box::new(e)))?;
    let lock: Lock = RunQueryDsl::get_result(diesel::sql_query(LOCK), &mut connection)?;
    if lock.taken.as_deref() != Some("1") {
        return Err(StoreError::Unavailable("another process has been migrating for a minute".into()));
    }
    work(&mut connection)
}
