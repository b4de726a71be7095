//! The bare statement: every client has a connection of its own, set up as the store sets up its own ones, and takes one task
//! after the other with the one statement that its database offers for that. Nothing else is written.

use std::time::{Duration, Instant};

use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _, sql_types::Text};
use diesel_async::{
    AsyncConnection as _, AsyncMysqlConnection, AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _,
};
use futures::future::join_all;
use test_databases::Kind;

use crate::world::World;

/// The first task that may be handed out, in the order of the queue.
const FIRST: &str = "SELECT tasks.id FROM tasks INNER JOIN projects ON projects.id = tasks.project_id \
    WHERE projects.user_id = '{owner}' AND tasks.state = 'backlog' AND NOT EXISTS ( \
        SELECT 1 FROM task_dependencies INNER JOIN tasks AS needed ON needed.id = task_dependencies.depends_on_id \
        WHERE task_dependencies.task_id = tasks.id AND needed.state <> 'done') \
    ORDER BY tasks.priority, tasks.id LIMIT 1";
const TAKE: &str = "UPDATE tasks SET state = 'in_progress', version = version + 1";

/// The time of every claim.
pub async fn measure(world: &World, clients: usize, tasks: usize) -> Vec<Duration> {
    let first = FIRST.replace("{owner}", &world.owner.to_string());
    let kind = world.database.kind();
    let statement = match kind {
        Kind::Sqlite => format!("{TAKE} WHERE id = ({first}) RETURNING id"),
        Kind::Postgres => format!("{TAKE} WHERE id = ({first} FOR UPDATE OF tasks SKIP LOCKED) RETURNING id"),
        Kind::Mariadb => {
            // Its UPDATE knows ORDER BY and LIMIT by itself, and a join in a subquery of the same table.
            let (_, rest) = first.split_once("WHERE").unwrap();
            let rest = rest.replace("projects.user_id =", "tasks.project_id IN (SELECT id FROM projects WHERE user_id =");
            let rest = rest.replacen("' AND tasks.state", "') AND tasks.state", 1);
            format!("{TAKE} WHERE {rest}")
        }
    };
    let url = world.database.url();
    let work = (0..clients).map(|_| match kind {
        Kind::Sqlite => tokio::spawn(sqlite(url.to_owned(), statement.clone())),
        Kind::Postgres => tokio::spawn(postgres(url.to_owned(), statement.clone())),
        Kind::Mariadb => tokio::spawn(mariadb(url.to_owned(), statement.clone())),
    });
    let times: Vec<Duration> = join_all(work).await.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(times.len(), tasks, "each task is taken, and once");
    times
}

#[derive(diesel::QueryableByName)]
struct Taken {
    #[diesel(sql_type = Text)]
    #[expect(dead_code, reason = "what matters is that there is one")]
    id: String,
}

async fn sqlite(url: String, statement: String) -> Vec<Duration> {
    let path = url.trim_start_matches("sqlite://").to_owned();
    let work = move || {
        let mut connection = SqliteConnection::establish(&path).unwrap();
        let settings = "PRAGMA busy_timeout = 60000; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;";
        connection.batch_execute(settings).unwrap();
        let mut times = Vec::new();
        loop {
            let began = Instant::now();
            let query = diesel::sql_query(&statement);
            let taken: Vec<Taken> = diesel::RunQueryDsl::load(query, &mut connection).unwrap();
            if taken.is_empty() {
                return times;
            }
            times.push(began.elapsed());
        }
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

async fn postgres(url: String, statement: String) -> Vec<Duration> {
    let mut connection = AsyncPgConnection::establish(&url).await.unwrap();
    let mut times = Vec::new();
    loop {
        let began = Instant::now();
        let taken: Vec<Taken> = diesel::sql_query(&statement).load(&mut connection).await.unwrap();
        if taken.is_empty() {
            return times;
        }
        times.push(began.elapsed());
    }
}

async fn mariadb(url: String, statement: String) -> Vec<Duration> {
    let mut connection = AsyncMysqlConnection::establish(&url).await.unwrap();
    connection.batch_execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await.unwrap();
    let mut times = Vec::new();
    let mut began = Instant::now();
    loop {
        match diesel::sql_query(&statement).execute(&mut connection).await {
            Ok(0) => return times,
            Ok(_) => times.push(began.elapsed()),
            // It was ended for another one's sake: that is part of what it costs.
            Err(diesel::result::Error::DatabaseError(..)) => continue,
            Err(error) => panic!("{error}"),
        }
        began = Instant::now();
    }
}
