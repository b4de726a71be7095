//! The data folder: made when missing, private to this user, and tried before anything depends on it.

use std::{
    fs, io,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// Bytes of the trial: more than a file system hides in the folder's own entry.
const TRIAL_BYTES: usize = 16 * 1024;

/// The data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Its disk is full.
    #[error("the disk of the data folder {0} is full. Free some space, or choose another folder with --data.")]
    Full(PathBuf),
    /// It cannot be written.
    #[error("the data folder {0} is read-only. Mount it writable, or choose another folder with --data.")]
    ReadOnly(PathBuf),
    /// It belongs to somebody else.
    #[error("this user may not write the data folder {0}. Change its owner, or choose another folder with --data.")]
    NotAllowed(PathBuf),
    /// Something else has its name.
    #[error("the data folder {0} is not a folder. Move what is there, or choose another folder with --data.")]
    NotAFolder(PathBuf),
    /// Anything else.
    #[error("the data folder {path} cannot be used: {source}. Choose another folder with --data.")]
    Other {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Makes the folder when it is missing, and writes and removes a small file in it.
pub fn prepare(path: &Path) -> Result<(), FolderError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).and_then(|()| try_to_write(path)).map_err(|source| {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FolderError::Full(path),
            io::ErrorKind::ReadOnlyFilesystem => FolderError::ReadOnly(path),
            io::ErrorKind::PermissionDenied => FolderError::NotAllowed(path),
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => FolderError::NotAFolder(path),
            _ => FolderError::Other { path, source },
        }
    })
}

fn try_to_write(path: &Path) -> io::Result<()> {
    let trial = path.join(format!(".trial-{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    let outcome = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&trial)
        .and_then(|mut file| file.write_all(&[0; TRIAL_BYTES]).and_then(|()| file.sync_data()));
    let removed = fs::remove_file(&trial);
    outcome.and(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_is_made_and_nothing_is_left_in_it() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        prepare(&path).unwrap();
        prepare(&path).unwrap();
        assert_eq!(fs::read_dir(&path).unwrap().count(), 0);
    }

    #[test]
    fn a_file_in_its_place_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for path in [file.path().to_owned(), file.path().join("below")] {
            assert!(matches!(prepare(&path), Err(FolderError::NotAFolder(named)) if named == path));
        }
    }
}
