//! The file of a `SQLite` database before `SQLite` sees it, so that what is wrong with it is said in words.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::{Result, StoreError};

/// Nobody but the server's user reads password hashes.
const MODE: u32 = 0o600;

/// Makes the file and its folder when missing, and checks that they can be written. `SQLite` itself would open a
/// read-only file without a word and fail at the first write.
pub async fn prepare(path: PathBuf) -> Result<String> {
    let work = tokio::task::spawn_blocking(move || prepare_blocking(&path));
    work.await.map_err(|e| StoreError::Unavailable(Box::new(e)))?
}

fn prepare_blocking(path: &Path) -> Result<String> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|source| StoreError::Folder { path: folder.into(), source })?;
    }
    let opened = OpenOptions::new().read(true).append(true).create(true).mode(MODE).open(path);
    opened.map_err(|source| StoreError::File { path: path.into(), source })?;
    let text = path.to_str().ok_or_else(|| StoreError::Address("the path of the file is not UTF-8".into()))?;
    Ok(text.to_owned())
}
