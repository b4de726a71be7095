//! Tells when something in a folder or a file changes, without looking again and again.

use std::{io, mem::MaybeUninit, os::fd::OwnedFd, path::Path};

use rustix::{
    fs::inotify::{self, CreateFlags, WatchFlags},
    io::Errno,
};
use tokio::io::unix::AsyncFd;

use super::ready;

/// Room for several events; what does not fit is read the next time.
const BUFFER: usize = 4096;

/// Watches one path.
#[derive(Debug)]
pub(super) struct Watch {
    fd: AsyncFd<OwnedFd>,
}

impl Watch {
    /// Watches for files that come and go in a folder, from now on: what happens between this call and
    /// [`Watch::changed`] is not lost.
    pub fn entries(folder: &Path) -> io::Result<Self> {
        Self::new(folder, WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVED_TO)
    }

    /// Watches for what is written to a file, likewise.
    pub fn content(file: &Path) -> io::Result<Self> {
        Self::new(file, WatchFlags::MODIFY)
    }

    fn new(path: &Path, flags: WatchFlags) -> io::Result<Self> {
        let fd = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        inotify::add_watch(&fd, path, flags)?;
        Ok(Self { fd: ready::readable(fd)? })
    }

    /// Returns when something changed since the last time. Several changes count as one.
    pub async fn changed(&self) -> io::Result<()> {
        loop {
            let mut guard = self.fd.readable().await?;
            let mut buffer = [MaybeUninit::<u8>::uninit(); BUFFER];
            match rustix::io::read(guard.get_inner(), &mut buffer) {
                Ok(_) => return Ok(()),
                Err(Errno::AGAIN) => guard.clear_ready(),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
