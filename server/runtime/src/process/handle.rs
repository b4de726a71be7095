//! A process of the host that was not necessarily started by this server: it can be signalled and its end awaited,
//! and its number being used again does no harm.

use std::{io, os::fd::OwnedFd, time::Duration};

use rustix::{
    io::Errno,
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};
use tokio::{io::unix::AsyncFd, time::timeout};

use super::{proc, ready};

/// A process, held by a file descriptor that the kernel ties to it and to no later one.
#[derive(Debug)]
pub(super) struct Process {
    /// Its number on the host.
    pub pid: u32,
    /// When it started, in clock ticks since boot.
    pub start_time: u64,
    fd: AsyncFd<OwnedFd>,
}

impl Process {
    /// Takes hold of a process; `None` when it is gone. Look at what it is after this, not before.
    pub fn open(pid: u32) -> io::Result<Option<Self>> {
        let Some(raw) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(None) };
        let fd = match pidfd_open(raw, PidfdFlags::NONBLOCK) {
            Ok(fd) => fd,
            Err(Errno::SRCH | Errno::INVAL) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Some(start_time) = proc::start_time(pid) else { return Ok(None) };
        Ok(Some(Self { pid, start_time, fd: ready::readable(fd)? }))
    }

    /// Returns when the process has ended.
    pub async fn ended(&self) {
        // An error here means that the reactor is shutting down; nobody is left to be told anything.
        if self.fd.readable().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether it ended within `limit`.
    pub async fn ended_within(&self, limit: Duration) -> bool {
        timeout(limit, self.ended()).await.is_ok()
    }

    /// Whether it has ended by now.
    pub fn is_over(&self) -> bool {
        proc::start_time(self.pid) != Some(self.start_time)
    }

    /// Sends a signal. One to a process that is gone is no error.
    pub fn signal(&self, signal: Signal) {
        match pidfd_send_signal(self.fd.get_ref(), signal) {
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => tracing::warn!(pid = self.pid, ?signal, %error, "a signal could not be sent"),
        }
    }
}
