//! Reaching into an agent's run folder, where the agent can put anything: never follows its symbolic links, never waits
//! on its pipes, and does not care how long the path is.

use std::{
    fs::File,
    io::{self, Read},
    os::fd::{AsRawFd, OwnedFd},
    path::Path,
    time::Duration,
};

use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    time::timeout,
};

/// How long ttyd may take to answer when asked whether it is there.
const PROBE_DEADLINE: Duration = Duration::from_secs(2);
/// How long connecting may take: a full queue of waiting connections blocks.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// The socket that ttyd listens on.
const TTYD: &str = "ttyd.sock";

fn open(run: &Path, name: &str, flags: OFlags) -> io::Result<OwnedFd> {
    let folder =
        openat(CWD, run, OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    Ok(openat(folder, name, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?)
}

fn kind(file: &OwnedFd) -> io::Result<FileType> {
    Ok(FileType::from_raw_mode(fstat(file)?.st_mode))
}

/// Connects to the agent's ttyd.
pub(super) async fn connect(run: &Path) -> io::Result<UnixStream> {
    let socket = open(run, TTYD, OFlags::PATH)?;
    if kind(&socket)? != FileType::Socket {
        return Err(io::Error::new(io::ErrorKind::ConnectionRefused, "the terminal's socket is no socket"));
    }
    // Through the descriptor the path is short (a socket's may have 108 bytes), and means the file just looked at.
    let path = format!("/proc/self/fd/{}", socket.as_raw_fd());
    timeout(CONNECT_DEADLINE, UnixStream::connect(path)).await.map_err(|_| io::ErrorKind::TimedOut)?
}

/// Whether ttyd not only listens but answers.
pub(super) async fn answers(run: &Path) -> bool {
    let exchange = async {
        let mut stream = connect(run).await?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n\r\n").await?;
        let mut start = [0; 5];
        stream.read_exact(&mut start).await?;
        io::Result::Ok(start == *b"HTTP/")
    };
    matches!(timeout(PROBE_DEADLINE, exchange).await, Ok(Ok(true)))
}

/// Whether the scripts left a note with this name.
pub(super) fn has_note(run: &Path, name: &str) -> bool {
    open(run, name, OFlags::PATH).is_ok()
}

/// The first line of a note that the scripts left, made fit to be shown. The agent could have written it itself.
pub(super) fn note(run: &Path, name: &str) -> Option<String> {
    /// Longest text that is passed on, in bytes.
    const LONGEST: u64 = 400;
    let file = open(run, name, OFlags::RDONLY | OFlags::NONBLOCK).ok()?;
    if kind(&file).ok()? != FileType::RegularFile {
        return None;
    }
    let mut bytes = Vec::new();
    File::from(file).take(LONGEST).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    Some(text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect())
}
