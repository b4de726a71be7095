//! The real program where it cannot begin: one clear sentence with the remedy, exit code 1, and nothing half done.

use std::{fs, path::Path, process::Output};

use crate::support::{Program, skipped};

/// The sentence on standard error.
#[track_caller]
fn sentence(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!text.contains("panicked") && !text.contains("backtrace"), "{text}");
    let line = text.lines().find_map(|line| line.strip_prefix("aiworker: ")).unwrap_or_else(|| panic!("{text}"));
    line.to_owned()
}

/// A shell line with mounts of its own that ends as `aiworker` with a data folder below `/mnt`. Nothing when this host
/// does not allow it, which counts as a skipped test.
async fn with_mounts(test: &str, mounts: &str) -> Option<Output> {
    let program = env!("CARGO_BIN_EXE_aiworker");
    let script = format!("{mounts} && exec {program} --data /mnt/data --addr 127.0.0.1:0");
    let mut command = tokio::process::Command::new("unshare");
    command
        .args(["--mount", "--map-root-user", "sh", "-c", &script])
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let allowed = tokio::process::Command::new("unshare")
        .args(["--mount", "--map-root-user", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .output()
        .await
        .is_ok_and(|output| output.status.success());
    if !allowed {
        skipped(test, "this host allows no mounts of its own");
        return None;
    }
    Some(tokio::time::timeout(std::time::Duration::from_secs(30), command.output()).await.unwrap().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk() {
    let mounts = "mount -t tmpfs -o size=64k tmpfs /mnt && head -c 65536 /dev/zero > /mnt/filler 2>/dev/null; mkdir -p /mnt/data";
    let Some(output) = with_mounts("a_full_disk", mounts).await else { return };
    let text = sentence(&output);
    assert!(text.contains("full") && text.contains("/mnt/data") && text.contains("--data"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_data_folder() {
    let mounts = "mount -t tmpfs tmpfs /mnt && mkdir /mnt/data && mount -o remount,ro /mnt";
    let Some(output) = with_mounts("a_read_only_data_folder", mounts).await else { return };
    let text = sentence(&output);
    assert!(text.contains("read-only") && text.contains("/mnt/data") && text.contains("--data"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_that_is_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = sentence(&Program::new(file.path(), &[]).output().await);
    assert!(text.contains("is not a folder") && text.contains(&file.path().display().to_string()), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = folder.path().join("data");
    let text = sentence(&Program::new(&data, &["--addr", &address]).output().await);
    assert!(text.contains(&address) && text.contains("already in use") && text.contains("--addr"), "{text}");
    assert!(!data.exists(), "nothing was made before the port was known to be free");
    let text = sentence(&Program::new(&data, &["--admin-addr", &address]).output().await);
    assert!(text.contains("--admin-addr"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_newer_or_must_be_migrated_first() {
    let folder = tempfile::tempdir().unwrap();
    let text = sentence(&Program::new(folder.path(), &["--no-migrate"]).output().await);
    assert!(text.contains("must be migrated") && text.contains("aiworker migrate"), "{text}");
    assert!(Program::new(folder.path(), &["migrate"]).output().await.status.success());
    Program::new(folder.path(), &["--no-migrate"]).start().await.kill().await;

    mark_as_newer(folder.path()).await;
    for command in [&[][..], &["migrate"]] {
        let text = sentence(&Program::new(folder.path(), command).output().await);
        assert!(text.contains("newer version") && text.contains("99990101000000"), "{text}");
        assert!(text.contains("run that version or restore a backup"), "{text}");
    }
}

/// Notes a migration that only a later version has.
async fn mark_as_newer(data: &Path) {
    let script =
        "INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('99990101000000', CURRENT_TIMESTAMP);";
    let url = data.join("aiworker.db").display().to_string();
    tokio::task::spawn_blocking(move || {
        use diesel::{Connection, connection::SimpleConnection};
        diesel::SqliteConnection::establish(&url).unwrap().batch_execute(script).unwrap();
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_address_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    for url in
        ["oracle://x", "aiworker.db", "postgres://ann:hunter2@127.0.0.1:1/x", "mysql://ann:hunter2@127.0.0.1:1/x"]
    {
        let text = sentence(&Program::new(folder.path(), &[]).env("DATABASE_URL", url).output().await);
        assert!(text.contains("database"), "{text}");
        assert!(!text.contains("hunter2"), "the sentence repeats a password: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("signing.key"), "nonsense").unwrap();
    let text = sentence(&Program::new(folder.path(), &[]).output().await);
    assert!(text.contains("signing.key") && text.contains("does not hold a key"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_were_sealed_with_another_key() {
    let folder = tempfile::tempdir().unwrap();
    let server = Program::new(folder.path(), &[]).start().await;
    let nobody = crate::support::Client::new(server.address.parse().unwrap());
    let ann = serde_json::json!({ "username": "ann", "password": "long enough" });
    let registered = nobody.post("/api/auth/register", &ann).await;
    let browser = nobody.with_header("cookie", registered.header("set-cookie").split(';').next().unwrap());
    let credential = serde_json::json!({ "kind": "model_key", "secret": "sk-ant-0123456789" });
    assert_eq!(browser.post("/api/credentials", &credential).await.status, 201);
    server.kill().await;

    let keys = folder.path().join("credentials.keys");
    let right = fs::read_to_string(&keys).unwrap();
    let wrong = "0b".repeat(32);
    fs::write(&keys, &wrong).unwrap();
    for command in [&[][..], &["admin", "rotate-keys"]] {
        let text = sentence(&Program::new(folder.path(), command).output().await);
        assert!(text.contains("credential key") && text.contains("is missing"), "{text}");
        assert!(!text.contains(right.trim()) && !text.contains(&wrong) && !text.contains("sk-ant"), "{text}");
    }
    // With the old key beside the new one nothing is lost.
    fs::write(&keys, format!("{wrong}\n{right}")).unwrap();
    assert!(Program::new(folder.path(), &["admin", "rotate-keys"]).output().await.status.success());
    fs::write(&keys, &wrong).unwrap();
    Program::new(folder.path(), &[]).start().await.kill().await;

    // The same from a variable, without a file.
    fs::remove_file(&keys).unwrap();
    let with = |keys: &str| Program::new(folder.path(), &[]).env("AIWORKER_CREDENTIAL_KEYS", keys);
    with(&wrong).start().await.kill().await;
    with(&format!("{},{wrong}", "0c".repeat(32))).start().await.kill().await;
    let text = sentence(&with(right.trim()).output().await);
    assert!(text.contains("is missing") && !text.contains(right.trim()), "{text}");
    assert!(!keys.exists(), "no file was made beside it");
}

#[tokio::test(flavor = "multi_thread")]
async fn options_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    for (option, value) in [("--public-url", "nonsense"), ("--trusted-proxies", "nonsense")] {
        let text = sentence(&Program::new(folder.path(), &[option, value]).output().await);
        assert!(text.contains(option), "{text}");
    }
    let no_cluster = ["--runtime", "kubernetes", "--kubeconfig", "/no/such/kubeconfig"];
    let text = sentence(&Program::new(folder.path(), &no_cluster).output().await);
    assert!(text.contains("/no/such/kubeconfig"), "{text}");
    let usage = Program::new(folder.path(), &["--addr", "nonsense"]).output().await;
    assert_eq!(usage.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&usage.stderr).contains("--addr"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_finds_what_the_first_one_kept() {
    let folder = tempfile::tempdir().unwrap();
    let credentials = serde_json::json!({ "username": "ann", "password": "the first one" });
    for (path, expected) in [("/api/auth/register", 201), ("/api/auth/login", 200)] {
        let server = Program::new(folder.path(), &[]).start().await;
        let client = crate::support::Client::new(server.address.parse().unwrap());
        assert_eq!(client.post(path, &credentials).await.status, expected);
    }
}
