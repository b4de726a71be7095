//! Migrations.

use std::{collections::BTreeSet, fs, path::PathBuf};

use futures::future::join_all;
use store::{Backend, SchemaState, Store, StoreError};
use test_databases::Kind;

use crate::support::{TestStore, config};

store_test! {
    async fn migrations_go_up_down_and_up_again(db: TestStore) {
        assert_eq!(db.schema_state().await.unwrap(), SchemaState::Current);
        assert!(db.migrate().await.unwrap().is_empty());
        let mut reverted = vec![];
        while let Some(name) = db.revert_migration().await.unwrap() {
            reverted.push(name);
        }
        reverted.reverse();
        assert!(!reverted.is_empty());
        assert_eq!(db.schema_state().await.unwrap(), SchemaState::Behind { pending: reverted.clone() });
        assert!(matches!(db.user_count().await, Err(StoreError::Query(_))), "tables are left");
        assert_eq!(db.migrate().await.unwrap(), reverted);
        db.user("ann").await;
    }

    async fn a_newer_database_is_left_alone(db: TestStore) {
        let applied_by_newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')";
        db.execute(applied_by_newer).await;
        let unknown = vec!["29991231000000".to_owned()];
        assert_eq!(db.schema_state().await.unwrap(), SchemaState::Newer { unknown });
        let error = db.migrate().await.unwrap_err();
        assert!(matches!(error, StoreError::Newer { .. }), "{error:?}");
        assert!(error.to_string().contains("newer version (unknown migrations: 29991231000000)"), "{error}");
        let error = db.revert_migration().await.unwrap_err();
        assert!(matches!(error, StoreError::Newer { .. }), "{error:?}");
    }

    async fn a_value_of_a_newer_version_is_said_to_be_unreadable(db: TestStore) {
        let ann = db.user("ann").await;
        db.execute("UPDATE users SET role = 'emperor'").await;
        let error = db.store.user(ann.id).await.unwrap_err();
        assert_eq!(error.to_string(), "the database holds a role that this version cannot read");
    }
}

/// Several replicas that start at once on an empty database.
async fn start_together(kind: Kind) {
    let db = TestStore::empty(kind).await;
    assert!(matches!(db.schema_state().await.unwrap(), SchemaState::Behind { .. }));
    let starts = (0..4).map(|_| {
        let url = config(db.database.url());
        tokio::spawn(async move { Store::connect(&url).await.unwrap().migrate().await.unwrap() })
    });
    let applied: Vec<_> = join_all(starts).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(applied.iter().filter(|names| !names.is_empty()).count(), 1, "{applied:?}");
    assert_eq!(db.schema_state().await.unwrap(), SchemaState::Current);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_sqlite_starters_migrates() {
    start_together(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_postgres_starters_migrates() {
    start_together(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_mariadb_starters_migrates() {
    start_together(Kind::Mariadb).await;
}

/// Diesel's own harness would panic on a runtime of one thread, as `#[tokio::test]` has.
#[tokio::test]
async fn migrating_needs_no_runtime_of_many_threads() {
    for kind in [Kind::Sqlite, Kind::Postgres, Kind::Mariadb] {
        TestStore::new(kind).await.user("ann").await;
    }
}

#[test]
fn every_database_has_the_same_migrations_each_with_a_way_back() {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../../migrations");
    let names = |backend: Backend| -> BTreeSet<String> {
        let folders = fs::read_dir(root.join(backend.as_str())).unwrap().map(|entry| entry.unwrap());
        folders
            .map(|folder| {
                assert!(folder.path().join("up.sql").is_file() && folder.path().join("down.sql").is_file());
                folder.file_name().into_string().unwrap()
            })
            .collect()
    };
    assert_eq!(names(Backend::Sqlite), names(Backend::Postgres));
    assert_eq!(names(Backend::Sqlite), names(Backend::Mysql));
}
