//! The one place where a descriptor of our own is given to tokio to wait on.

use std::{io, os::fd::OwnedFd};

use tokio::io::{Interest, unix::AsyncFd};

/// Waits for something to read. The descriptor is owned, so it stays open for as long as it is waited on.
#[expect(
    deprecated,
    reason = "its replacement is unsafe, for types that may close the descriptor; an OwnedFd does not"
)]
pub(super) fn readable(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(fd, Interest::READABLE)
}
