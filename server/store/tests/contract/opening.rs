//! Opening a database, and what is said when that fails.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use store::{Backend, Store, StoreConfig, StoreError};
use tempfile::TempDir;
use test_databases::Kind;

use crate::support::{TestStore, config};

#[tokio::test]
async fn a_sqlite_file_is_made_with_its_folders_for_its_owner_alone() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a/b/my data.db");
    let store = Store::connect(&config(&format!("sqlite://{}", file.display()))).await.unwrap();
    assert_eq!(store.backend(), Backend::Sqlite);
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn an_unusable_folder_or_file_is_named() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), "not a folder").unwrap();
    let below_file = Store::connect(&config(&format!("sqlite://{}/file/x.db", folder.path().display()))).await;
    assert!(matches!(&below_file, Err(StoreError::Folder { path, .. }) if path.ends_with("file")), "{below_file:?}");
    let is_folder = Store::connect(&config(&format!("sqlite://{}", folder.path().display()))).await;
    assert!(matches!(&is_folder, Err(StoreError::File { path, .. }) if path == folder.path()), "{is_folder:?}");
    // Nothing can be made here, not even by root.
    let read_only = Store::connect(&config("sqlite:///proc/aiworker/x.db")).await;
    assert!(matches!(&read_only, Err(StoreError::Folder { .. })), "{read_only:?}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_not_overwritten() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("letter.txt");
    let text = "Dear Ann, ".repeat(1000);
    fs::write(&file, &text).unwrap();
    assert!(Store::connect(&config(&format!("sqlite://{}", file.display()))).await.is_err());
    assert_eq!(fs::read_to_string(file).unwrap(), text);
}

#[tokio::test]
async fn servers_answer_over_tcp_too() {
    for (kind, backend) in [(Kind::Postgres, Backend::Postgres), (Kind::Mariadb, Backend::Mysql)] {
        let db = TestStore::new(kind).await;
        let store = Store::connect(&config(db.database.tcp_url().unwrap())).await.unwrap();
        assert_eq!(store.backend(), backend);
        assert_eq!(store.user_count().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    for url in
        ["postgres://ann:hunter2@127.0.0.1:1/x", "mysql://ann:hunter2@127.0.0.1:1/x", "postgres:///x?host=/nowhere"]
    {
        let error = Store::connect(&config(url)).await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[tokio::test]
async fn an_address_that_cannot_be_read_is_an_error_of_configuration() {
    for url in ["postgres://h/d?no_such_option=1", "mysql://h/d?no_such_option=1", "redis://h/d"] {
        let error = Store::connect(&config(url)).await.unwrap_err();
        assert!(matches!(error, StoreError::Address(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_costs_no_more_than_the_deadline() {
    // It accepts connections, because the kernel does, and nobody ever says a word.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    for url in [format!("postgres://u@127.0.0.1:{port}/x"), format!("mysql://u@127.0.0.1:{port}/x")] {
        let config = StoreConfig { acquire_timeout: Duration::from_millis(200), ..config(&url) };
        let outcome = tokio::time::timeout(Duration::from_secs(5), Store::connect(&config)).await.unwrap();
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    }
}
