//! What the host itself has to offer.

use std::path::Path;

use super::Finding;

/// Free space below which the embedded database and workspaces are in danger, in bytes.
const SPACE_LOW: u64 = 1 << 30;
/// Free space below which nothing will work for long, in bytes.
const SPACE_GONE: u64 = 16 << 20;

/// How much room there is in a folder.
pub fn free_space(name: &'static str, folder: &Path) -> Finding {
    let place = folder.display();
    let Ok(found) = rustix::fs::statvfs(folder) else {
        return Finding::warn(name, format!("{place} can be written; its free space cannot be read."));
    };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let megabytes = free >> 20;
    if free < SPACE_GONE {
        Finding::fail(
            name,
            format!("{place} has {megabytes} MiB left. Free some space, or choose another with --data."),
        )
    } else if free < SPACE_LOW {
        Finding::warn(name, format!("{place} has only {megabytes} MiB left; workspaces need more."))
    } else {
        Finding::ok(name, format!("{place}, {} GiB free", free >> 30))
    }
}
