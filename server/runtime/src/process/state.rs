//! What the runtime writes down about an agent, so that the next server knows what this one did.

use std::{fs, io, path::Path};

use domain::Reason;
use serde::{Deserialize, Serialize};

use super::layout;
use crate::MadeFor;

/// What was last asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Intent {
    /// It shall run.
    Run,
    /// It shall not.
    Stop,
}

/// Why an agent that should run does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ended {
    /// As a code.
    pub reason: Reason,
    /// As a sentence.
    pub message: String,
}

/// The state file. It is written before anything is done, and again when it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// The generation that was last brought up.
    pub generation: i64,
    /// What was asked for.
    pub intent: Intent,
    /// The boot of the host in which it was brought up: after another one, nothing of it can be alive.
    pub boot: String,
    /// The agent's first process, as the host numbers it.
    pub pid: Option<u32>,
    /// When that process started, in clock ticks since boot: numbers are used again, pairs are not.
    pub start_time: Option<u64>,
    /// Memory limit, in MiB, for the sentence when it is reached.
    pub memory_mib: u32,
    /// Set when it ended without being asked to.
    pub ended: Option<Ended>,
    /// Whom it was made for. Servers of earlier versions did not write it down.
    #[serde(default)]
    pub made_for: Option<MadeFor>,
}

impl State {
    /// Reads the file. One that cannot be understood counts as none: what runs is found without it.
    pub fn read(path: &Path) -> Option<Self> {
        let text = fs::read(path).ok()?;
        serde_json::from_slice(&text)
            .inspect_err(|error| tracing::warn!(path = %path.display(), %error, "a state file cannot be read"))
            .ok()
    }

    /// Replaces the file.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        layout::write_private(path, &serde_json::to_vec(self)?)
    }
}

/// What bubblewrap, or the launcher in its place, wrote to the status file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Status {
    /// The agent's first process, as the host numbers it.
    pub pid: Option<u32>,
    /// The code it ended with.
    pub exit_code: Option<i32>,
}

impl Status {
    /// Reads as much as has been written.
    pub fn read(path: &Path) -> Self {
        Self::parse(&fs::read(path).unwrap_or_default())
    }

    fn parse(text: &[u8]) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        struct Document {
            child_pid: Option<u32>,
            exit_code: Option<i32>,
        }
        let mut status = Self::default();
        for document in serde_json::Deserializer::from_slice(text).into_iter::<Document>().map_while(Result::ok) {
            status.pid = document.child_pid.or(status.pid);
            status.exit_code = document.exit_code.or(status.exit_code);
        }
        status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_file_may_be_cut_off_anywhere() {
        let whole = br#"{ "child-pid": 42, "pid-namespace": 1 }
{ "exit-code": 7 }"#;
        assert_eq!(Status::parse(whole), Status { pid: Some(42), exit_code: Some(7) });
        for length in 0..whole.len() {
            let status = Status::parse(&whole[..length]);
            assert!(status.pid.is_none_or(|pid| pid == 42) && status.exit_code.is_none(), "{length}");
        }
    }

    #[test]
    fn a_damaged_state_file_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        assert_eq!(State::read(&path), None);
        fs::write(&path, "{\"generation\":").unwrap();
        assert_eq!(State::read(&path), None);
    }
}
