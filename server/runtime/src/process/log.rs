//! The start log: what the entrypoint, git and ttyd printed. Bounded, because an agent can write to it.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// How much of a log is kept from one start to the next, and read at most.
const KEPT: u64 = 64 * 1024;
/// A log that grew beyond this is emptied.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Opens the log for appending, with the end of what earlier starts left.
pub(super) fn open(path: &Path) -> io::Result<File> {
    if fs::metadata(path).is_ok_and(|meta| meta.len() > KEPT) {
        let end = read_end(path)?;
        super::layout::write_private(path, end.as_bytes())?;
    }
    File::options().append(true).create(true).mode(0o600).open(path)
}

/// The last lines.
pub(super) fn tail(path: &Path, lines: usize) -> io::Result<String> {
    let text = match read_end(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        other => other?,
    };
    let all: Vec<_> = text.lines().collect();
    Ok(all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n"))
}

/// The last line that says something, for a sentence.
pub(super) fn last_line(path: &Path) -> Option<String> {
    let text = read_end(path).ok()?;
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.chars().filter(|c| !c.is_control()).take(300).collect())
}

/// Empties a log that is too large. Whoever writes to it goes on at its new end.
pub(super) fn bound(path: &Path) {
    if fs::metadata(path).is_ok_and(|meta| meta.len() > LARGEST)
        && let Ok(file) = File::options().write(true).open(path)
        && let Err(error) = file.set_len(0)
    {
        tracing::warn!(path = %path.display(), %error, "a start log cannot be emptied");
    }
}

fn read_end(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(KEPT)))?;
    let mut bytes = Vec::new();
    file.take(KEPT).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_keeps_its_end_and_a_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        assert_eq!(tail(&path, 5).unwrap(), "");
        fs::write(&path, "one\ntwo\n\x1b[1mthree\n \n").unwrap();
        assert_eq!(tail(&path, 2).unwrap(), "\x1b[1mthree\n ");
        assert_eq!(last_line(&path).as_deref(), Some("[1mthree"));
        fs::write(&path, "x".repeat(5 << 20)).unwrap();
        drop(open(&path).unwrap());
        assert_eq!(fs::metadata(&path).unwrap().len(), KEPT);
        fs::write(&path, "x".repeat(5 << 20)).unwrap();
        bound(&path);
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    }
}
