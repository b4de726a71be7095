//! The file of a `SQLite` database before `SQLite` sees it, so that what is wrong with it is said in words.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
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

/// What the lock tells of other servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alone {
    /// Nothing: only terms count.
    Unknown,
    /// Another one is alive.
    No,
    /// Since this moment: whoever had a term before is dead or has left.
    SinceNow,
    /// It was so before already.
    Before,
}

/// Whether a server that uses this file to reconcile is alive: a lock on a file beside it, which the system takes back when
/// the server dies. It only spares others the wait for the end of a dead one's term.
#[derive(Debug)]
pub struct Presence {
    path: PathBuf,
    lock: Mutex<Option<File>>,
}

impl Presence {
    /// For the database in this file.
    pub fn beside(database: &str) -> Self {
        Self { path: PathBuf::from(format!("{database}-reconciler")), lock: Mutex::new(None) }
    }

    /// Takes the lock if nobody has it, and says what that tells.
    pub fn look(&self) -> Alone {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.is_some() {
            return Alone::Before;
        }
        let Ok(file) = OpenOptions::new().write(true).create(true).truncate(false).mode(MODE).open(&self.path) else {
            return Alone::Unknown;
        };
        match file.try_lock() {
            Ok(()) => {
                *lock = Some(file);
                Alone::SinceNow
            }
            Err(TryLockError::WouldBlock) => Alone::No,
            // A file system without locks.
            Err(TryLockError::Error(_)) => Alone::Unknown,
        }
    }

    /// Gives the lock back.
    pub fn leave(&self) {
        *self.lock.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
