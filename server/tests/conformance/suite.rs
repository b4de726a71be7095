//! The suite itself: where it is installed, what it requires, and how it is run.

use std::{path::PathBuf, process::Stdio, time::Duration};

use tokio::process::Command;

/// How long one run of the suite may take.
pub const DEADLINE: Duration = Duration::from_secs(180);

/// The suite and the Node.js that it wants, as `scripts/setup.d/outside-programs` installed them.
pub struct Suite {
    node: PathBuf,
    folder: PathBuf,
}

impl Suite {
    pub fn installed() -> Self {
        let outside =
            std::env::var_os("AIWORKER_OUTSIDE").expect("AIWORKER_OUTSIDE is not set: run `scripts/test rust`");
        let modules = PathBuf::from(outside).join("node_modules");
        let suite =
            Self { node: modules.join("node/bin/node"), folder: modules.join("@modelcontextprotocol/conformance") };
        assert!(suite.node.exists() && suite.folder.exists(), "the suite is not installed: run `make setup`");
        suite
    }

    /// The scenarios for servers that a revision requires, as the suite's own file has them.
    pub fn required(&self, revision: &str) -> Vec<String> {
        let file = self.folder.join(format!("requirements/{revision}.yaml"));
        let text = std::fs::read_to_string(file).unwrap();
        let after = text.lines().skip_while(|line| *line != "server:").skip(1);
        let listed = after.map_while(|line| line.strip_prefix("  - "));
        let scenarios: Vec<_> = listed.map(str::to_owned).collect();
        assert!(!scenarios.is_empty(), "{text}");
        scenarios
    }

    /// Runs all that a revision requires, as that revision.
    pub async fn requirements(&self, url: &str, revision: &str) {
        let said = self.run(&["--url", url, "--requirements", revision]).await;
        let ran = self.required(revision).into_iter().all(|scenario| said.contains(&scenario));
        assert!(ran, "something was left out:\n{said}");
    }

    /// Runs one scenario as the revision has it.
    pub async fn scenario(&self, url: &str, revision: &str, scenario: &str) {
        let said = self.run(&["--url", url, "--scenario", scenario, "--spec-version", revision]).await;
        assert!(!said.contains("SKIPPED: scenario"), "{said}");
    }

    async fn run(&self, arguments: &[&str]) -> String {
        let results = tempfile::tempdir().unwrap();
        let mut command = Command::new(&self.node);
        command.arg(self.folder.join("dist/index.js")).arg("server").args(arguments);
        command.arg("--output-dir").arg(results.path()).current_dir(results.path());
        let run = command.stdin(Stdio::null()).kill_on_drop(true).output();
        let output = tokio::time::timeout(DEADLINE, run).await.expect("the suite ends in time").unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}:\n{said}\n{}", String::from_utf8_lossy(&output.stderr));
        said
    }
}
