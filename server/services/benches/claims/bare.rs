//! The bare statement: as many clients take one task after the other with the one statement that their database offers for that,
//! over as many connections, set up alike, as the server has. Nothing else is read or written.

use std::time::{Duration, Instant};

use diesel::{ConnectionError, SqliteConnection, result::Error::DatabaseError};
use diesel_async::{
    AsyncConnection as _, AsyncMysqlConnection, AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _,
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, deadpool::Pool},
    sync_connection_wrapper::SyncConnectionWrapper,
};
use futures::{FutureExt as _, future::join_all};
use store::StoreConfig;
use test_databases::Kind;

use crate::world::World;

/// The first task that may be handed out, in the order of the queue.
const FIRST: &str = "SELECT tasks.id FROM tasks INNER JOIN projects ON projects.id = tasks.project_id \
    WHERE projects.user_id = '{owner}' AND {is_free} ORDER BY tasks.priority, tasks.id LIMIT 1";
const IS_FREE: &str = "tasks.state = 'backlog' AND NOT EXISTS ( \
    SELECT 1 FROM task_dependencies INNER JOIN tasks AS needed ON needed.id = task_dependencies.depends_on_id \
    WHERE task_dependencies.task_id = tasks.id AND needed.state <> 'done')";
const TAKE: &str = "UPDATE tasks SET state = 'in_progress', version = version + 1";
/// `MariaDB` has no UPDATE of what a SELECT with LIMIT finds in the same table; its own has ORDER BY and LIMIT. The owner has one
/// project, and saying so lets it use the index.
const TAKE_IN_ORDER: &str = "{take} WHERE tasks.project_id = (SELECT id FROM projects WHERE user_id = '{owner}') \
    AND {is_free} ORDER BY tasks.priority, tasks.id LIMIT 1";
/// As the store sets up its own connections.
const SQLITE: &str = "PRAGMA busy_timeout = 5000; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;";
const POSTGRES: &str = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED";
const MARIADB: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";

/// The time of every claim.
pub async fn measure(world: &World, clients: usize, tasks: usize) -> Vec<Duration> {
    let filled = |text: &str| {
        let text = text.replace("{take}", TAKE).replace("{is_free}", IS_FREE);
        text.replace("{owner}", &world.owner.to_string())
    };
    let (first, url) = (filled(FIRST), world.database.url());
    let times = match world.database.kind() {
        Kind::Sqlite => {
            let statement = format!("{TAKE} WHERE id = ({first}) RETURNING id");
            sqlite(url.trim_start_matches("sqlite://"), &statement, clients).await
        }
        Kind::Postgres => {
            let statement = format!("{TAKE} WHERE id = ({first} FOR UPDATE OF tasks SKIP LOCKED) RETURNING id");
            postgres(url, &statement, clients).await
        }
        Kind::Mariadb => mariadb(url, &filled(TAKE_IN_ORDER), clients).await,
    };
    assert_eq!(times.len(), tasks, "each task is taken, and once");
    times
}

macro_rules! clients {
    ($name:ident, $connection:ty, $settings:expr) => {
        async fn $name(url: &str, statement: &str, clients: usize) -> Vec<Duration> {
            let mut config = ManagerConfig::<$connection>::default();
            config.custom_setup = Box::new(|url| {
                let set_up = async move {
                    let mut connection = <$connection>::establish(url).await?;
                    let done = connection.batch_execute($settings).await;
                    done.map(|()| connection).map_err(ConnectionError::CouldntSetupConfiguration)
                };
                set_up.boxed()
            });
            let manager = AsyncDieselConnectionManager::new_with_config(url, config);
            let pool = Pool::builder(manager).max_size(StoreConfig::MAX_CONNECTIONS).build().unwrap();
            let work = (0..clients).map(|_| {
                let (pool, statement) = (pool.clone(), statement.to_owned());
                tokio::spawn(async move {
                    let mut times = Vec::new();
                    let mut began = Instant::now();
                    loop {
                        let mut connection = pool.get().await.unwrap();
                        match diesel::sql_query(&statement).execute(&mut connection).await {
                            Ok(0) => return times,
                            Ok(_) => times.push(began.elapsed()),
                            // It was ended for another one's sake, and its next try is part of what it costs.
                            Err(DatabaseError(..)) => continue,
                            Err(error) => panic!("{error}"),
                        }
                        began = Instant::now();
                    }
                })
            });
            join_all(work).await.into_iter().flat_map(Result::unwrap).collect()
        }
    };
}

clients!(sqlite, SyncConnectionWrapper<SqliteConnection>, SQLITE);
clients!(postgres, AsyncPgConnection, POSTGRES);
clients!(mariadb, AsyncMysqlConnection, MARIADB);
