//! What an autopilot that was killed has left behind: a CLI that still works on its task. Two must not work in one worktree.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt as _, path::Path};

use rustix::process::{Pid, Signal, kill_process};

/// Every CLI is started with this variable, and whatever it starts inherits it.
pub const MARK: &str = "AIWORKER_TASK_RUN";
/// The agent's notes, one folder for each agent: without a sandbox, processes of others are seen, too.
const WHOSE: &str = "AIWORKER_RUN";

/// Ends every process that an earlier autopilot of the agent with these notes has started. Gives how many there were.
pub fn end_all(run: &Path) -> usize {
    let Ok(processes) = fs::read_dir("/proc") else { return 0 };
    let pids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let left = pids.filter(|pid| fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environ| is_left(&environ, run)));
    // One may have ended by itself meanwhile.
    left.filter_map(Pid::from_raw).filter(|pid| kill_process(*pid, Signal::KILL).is_ok()).count()
}

fn is_left(environ: &[u8], run: &Path) -> bool {
    let variables = || environ.split(|byte| *byte == 0).filter_map(|line| split(line));
    let is_ours = variables().any(|(name, value)| name == WHOSE.as_bytes() && OsStr::from_bytes(value) == run);
    is_ours && variables().any(|(name, _)| name == MARK.as_bytes())
}

fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = line.iter().position(|byte| *byte == b'=')?;
    Some((&line[..at], &line[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_cli_of_this_agent_started_is_left() {
        let run = Path::new("/agents/a/run");
        assert!(is_left(b"HOME=/x\0AIWORKER_RUN=/agents/a/run\0AIWORKER_TASK_RUN=1\0", run));
        assert!(!is_left(b"AIWORKER_RUN=/agents/a/run\0", run), "the shell");
        assert!(!is_left(b"AIWORKER_RUN=/agents/b/run\0AIWORKER_TASK_RUN=1\0", run), "another agent's");
        assert!(!is_left(b"X=AIWORKER_TASK_RUN=1\0AIWORKER_RUN=/agents/a/run\0", run));
    }
}
