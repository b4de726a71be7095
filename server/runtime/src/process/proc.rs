//! What `/proc` says about the processes of this host. Everything here may be gone a moment later.

use std::{fs, os::unix::fs::MetadataExt, path::PathBuf};

/// The id of the host's current boot.
pub(super) fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// Every process.
pub(super) fn all() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// When a process started, in clock ticks since boot. `None` for one that is gone or only waits to be reaped.
pub(super) fn start_time(pid: u32) -> Option<u64> {
    let stat = stat(pid)?;
    if stat.first()? == "Z" { None } else { stat.get(19)?.parse().ok() }
}

/// The parent of a process.
pub(super) fn parent(pid: u32) -> Option<u32> {
    stat(pid)?.get(1)?.parse().ok()
}

/// The fields of `/proc/PID/stat` behind the name, which may itself hold spaces and brackets: state, parent, …
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

/// Whether the process reads its input from the file with this identity.
pub(super) fn has_stdin(pid: u32, file: FileId) -> bool {
    fs::metadata(format!("/proc/{pid}/fd/0")).is_ok_and(|meta| FileId::of(&meta) == file)
}

/// The path of the file that the process reads its input from, even when that file was deleted.
pub(super) fn stdin_path(pid: u32) -> Option<PathBuf> {
    let link = fs::read_link(format!("/proc/{pid}/fd/0")).ok()?;
    Some(link.to_str().and_then(|text| text.strip_suffix(" (deleted)")).map(PathBuf::from).unwrap_or(link))
}

/// Whether the environment that the process was started with holds `entry` (`NAME=value`).
pub(super) fn has_environment(pid: u32, entry: &str) -> bool {
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|all| all.split(|b| *b == 0).any(|one| one == entry.as_bytes()))
}

/// Which file it is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The identity of the file that `meta` describes.
    pub fn of(meta: &fs::Metadata) -> Self {
        Self { device: meta.dev(), inode: meta.ino() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found_with_its_parent_and_its_start() {
        let own = std::process::id();
        assert!(all().contains(&own));
        assert_eq!(parent(own), Some(std::os::unix::process::parent_id()));
        assert!(start_time(own).is_some());
        assert!(start_time(u32::MAX).is_none());
    }
}
