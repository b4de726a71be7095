//! The command line of the real program.

use std::path::Path;

use crate::support::Program;

#[tokio::test(flavor = "multi_thread")]
async fn help_explains_every_option() {
    let folder = tempfile::tempdir().unwrap();
    let output = Program::new(folder.path(), &["--help"]).env("COLUMNS", "120").output().await;
    assert!(output.status.success());
    // The variables that the test sets are part of what clap prints.
    let help = String::from_utf8(output.stdout).unwrap().replace(&folder.path().display().to_string(), "[data]");
    insta::assert_snapshot!("help", help);
}

#[test]
fn the_readme_lists_every_option() {
    let readme = std::path::PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let table = server::cli::config_table();
    assert!(readme.contains(table.trim()), "put the output of `aiworker config-table` into README.md:\n{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_can_list_accounts_and_reset_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let server = Program::new(folder.path(), &[]).start().await;
    let client = crate::support::Client::new(server.address.parse().unwrap());
    let credentials = serde_json::json!({ "username": "ann", "password": "the first one" });
    assert_eq!(client.post("/api/auth/register", &credentials).await.status, 201);

    let users = Program::new(folder.path(), &["admin", "users"]).output().await;
    assert!(String::from_utf8_lossy(&users.stdout).starts_with("ann\tadmin\t"), "{users:?}");
    let reset =
        Program::new(folder.path(), &["admin", "reset-password", "ann"]).output_with_input("the second one\n").await;
    assert!(reset.status.success(), "{reset:?}");
    let credentials = serde_json::json!({ "username": "ann", "password": "the second one" });
    assert_eq!(client.post("/api/auth/login", &credentials).await.status, 200);
    let nobody =
        Program::new(folder.path(), &["admin", "reset-password", "bob"]).output_with_input("the second one\n").await;
    assert!(!nobody.status.success());
    let audit = Program::new(folder.path(), &["admin", "audit"]).output().await;
    assert!(String::from_utf8_lossy(&audit.stdout).contains(r#""action":"register""#), "{audit:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_looks_at_everything_and_says_what_fails() {
    let folder = tempfile::tempdir().unwrap();
    let good = Program::new(folder.path(), &["doctor", "--json"]).output().await;
    let findings: serde_json::Value = serde_json::from_slice(&good.stdout).unwrap();
    let names: Vec<_> = findings.as_array().unwrap().iter().map(|finding| finding["name"].as_str().unwrap()).collect();
    for name in ["data folder", "database", "key", "ttyd", "tmux", "port", "dashboard files", "public address"] {
        assert!(names.contains(&name), "{name} is missing in {names:?}");
    }
    let bad = Program::new(folder.path(), &["doctor", "--public-url", "nonsense", "--tmux", "/nothing"]).output().await;
    assert_eq!(bad.status.code(), Some(1));
    let text = String::from_utf8_lossy(&bad.stdout).into_owned();
    assert!(text.contains("FAIL  public address") && text.contains("FAIL  tmux"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_how_to_get_a_sandbox() {
    let folder = tempfile::tempdir().unwrap();
    // As it ends where the kernel does not let ordinary users make namespaces.
    let bwrap = folder.path().join("bwrap");
    let script = "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n";
    std::fs::write(&bwrap, script).unwrap();
    std::fs::set_permissions(&bwrap, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let said = async |program: &Path| {
        let data = folder.path().join("data");
        let output = Program::new(&data, &["doctor", "--bwrap", program.to_str().unwrap()]).output().await;
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().find(|line| line.contains("sandbox")).unwrap_or_default().to_owned()
    };
    let refused = said(&bwrap).await;
    assert!(refused.starts_with("warn") && refused.contains("No permissions to create new namespace"), "{refused}");
    assert!(refused.contains("sysctl kernel.unprivileged_userns_clone=1"), "{refused}");
    let missing = said(&folder.path().join("none")).await;
    assert!(missing.starts_with("warn") && missing.contains("apt-get install bubblewrap"), "{missing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_finds_the_ports_of_a_server_that_runs_taken_by_that_server() {
    let folder = tempfile::tempdir().unwrap();
    let server = Program::new(folder.path(), &[]).with_admin().start().await;
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let ports = async |address: &str, admin: &str| {
        let doctor = Program::new(folder.path(), &["doctor", "--addr", address, "--admin-addr", admin]).output().await;
        let text = String::from_utf8(doctor.stdout).unwrap();
        text.lines().filter(|line| line.contains("port ")).map(str::to_owned).collect::<Vec<_>>()
    };
    for line in ports(&server.address, &server.admin().to_string()).await {
        assert!(line.starts_with("ok ") && line.contains("AiWorker already answers"), "{line}");
    }
    let taken = ports(&server.address, &other.local_addr().unwrap().to_string()).await;
    assert!(taken.iter().any(|line| line.starts_with("FAIL") && line.contains("another program")), "{taken:?}");
}
