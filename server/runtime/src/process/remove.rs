//! Deletes a tree that an agent had in its hands: read-only folders, any depth, links to anywhere.

use std::{
    ffi::{CStr, CString},
    io,
    path::Path,
};

use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, chmodat, openat, renameat, statat, unlinkat},
    io::Errno,
};

/// Deletes the folder and everything in it. Nothing outside is touched, whatever links point there.
///
/// Works on at most two open folders: those found inside are moved up before they are emptied, so that neither the
/// depth of the tree nor the length of its paths matters.
pub(super) fn tree(path: &Path) -> io::Result<()> {
    match contents(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    unlinkat(CWD, path, AtFlags::REMOVEDIR)?;
    Ok(())
}

/// Deletes everything in the folder.
pub(super) fn contents(path: &Path) -> io::Result<()> {
    let top = open_folder(CWD, path)?;
    let mut moved = 0_u64;
    loop {
        let folders = unlink_files(top.as_fd())?;
        if folders.is_empty() {
            return Ok(());
        }
        for name in folders {
            let inner = open_folder(top.as_fd(), &name)?;
            for deeper in unlink_files(inner.as_fd())? {
                move_up(inner.as_fd(), &deeper, top.as_fd(), &mut moved)?;
            }
            unlinkat(&top, &name, AtFlags::REMOVEDIR)?;
        }
    }
}

/// Moves a folder up under a name of its own. An empty folder that is in the way goes with it: all of this goes.
fn move_up(inner: BorrowedFd<'_>, name: &CStr, top: BorrowedFd<'_>, moved: &mut u64) -> io::Result<()> {
    make_writable(inner, name)?;
    loop {
        *moved += 1;
        match renameat(inner, name, top, format!("{moved:x}")) {
            Err(Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR) => {}
            other => return Ok(other?),
        }
    }
}

fn open_folder(at: BorrowedFd<'_>, path: impl rustix::path::Arg + Copy) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    make_writable(at, path)?;
    Ok(openat(at, path, flags, Mode::empty())?)
}

/// Lets the owner change the folder. Nothing of the agent is alive any more that could put a link in its place.
fn make_writable(at: BorrowedFd<'_>, path: impl rustix::path::Arg + Copy) -> io::Result<()> {
    let stat = statat(at, path, AtFlags::SYMLINK_NOFOLLOW)?;
    let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
    if is_folder && Mode::from_raw_mode(stat.st_mode) & Mode::RWXU != Mode::RWXU {
        chmodat(at, path, Mode::RWXU, AtFlags::empty())?;
    }
    Ok(())
}

/// Unlinks everything but folders; returns the folders' names.
fn unlink_files(folder: BorrowedFd<'_>) -> io::Result<Vec<CString>> {
    let mut folders = Vec::new();
    let mut files = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        if matches!(entry.file_name().to_bytes(), b"." | b"..") {
            continue;
        }
        let mut kind = entry.file_type();
        if kind == FileType::Unknown {
            kind = FileType::from_raw_mode(statat(folder, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW)?.st_mode);
        }
        let list = if kind == FileType::Directory { &mut folders } else { &mut files };
        list.push(entry.file_name().to_owned());
    }
    for name in files {
        unlinkat(folder, &name, AtFlags::empty())?;
    }
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use rustix::fs::mkdirat;

    use super::*;

    #[test]
    fn links_out_are_cut_and_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("precious"), "x").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().join("top");
        fs::create_dir_all(top.join("a")).unwrap();
        std::os::unix::fs::symlink(outside.path(), top.join("a/link")).unwrap();
        std::os::unix::fs::symlink(outside.path(), top.join("link")).unwrap();
        tree(&top).unwrap();
        assert!(!top.exists());
        assert!(outside.path().join("precious").exists());
        tree(&top).unwrap();
    }

    #[test]
    fn read_only_folders_and_great_depth_are_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().join("top");
        fs::create_dir_all(top.join("1/2/1/2")).unwrap();
        fs::write(top.join("1/2/file"), "x").unwrap();
        let mut deep = open_folder(CWD, &top).unwrap();
        for _ in 0..1500 {
            mkdirat(&deep, "deeper", Mode::RWXU).unwrap();
            deep = open_folder(deep.as_fd(), "deeper").unwrap();
        }
        drop(deep);
        fs::set_permissions(top.join("1/2"), fs::Permissions::from_mode(0o500)).unwrap();
        fs::set_permissions(top.join("1"), fs::Permissions::from_mode(0o000)).unwrap();
        tree(&top).unwrap();
        assert!(!top.exists());
    }
}
