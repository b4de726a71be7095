//! This installation's key: 256 random bits in a file that only this user can read. The passwords of the agents'
//! terminals are made from it, so that the server needs to keep none of them.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use services::Entropy;

/// Length of the key in bytes; in the file, each is two hexadecimal digits.
const KEY_BYTES: usize = 32;

/// The key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or made.
    #[error(
        "the key file {path} cannot be used: {source}. Mend its permissions, or name another with --signing-key-file."
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds something else.
    #[error(
        "the key file {0} does not hold a key. Restore it from a backup, or remove it: a new one is made, and running \
         agents must be stopped and started once."
    )]
    NotAKey(PathBuf),
}

/// The key in the file; a new one when there is no file.
pub fn load_or_make(path: &Path, entropy: &dyn Entropy) -> Result<SecretString, KeyError> {
    match fs::read_to_string(path) {
        Ok(text) => parse(path, text.trim()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(path, entropy).map_err(|source| KeyError::File { path: path.to_owned(), source })?;
            // Somebody else may have made it at the same time; whoever was first has made the key.
            let text = fs::read_to_string(path).map_err(|source| KeyError::File { path: path.to_owned(), source })?;
            parse(path, text.trim())
        }
        Err(source) => Err(KeyError::File { path: path.to_owned(), source }),
    }
}

/// Whether there is a key already.
pub fn check(path: &Path) -> Result<bool, KeyError> {
    match fs::read_to_string(path) {
        Ok(text) => parse(path, text.trim()).map(|_| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(KeyError::File { path: path.to_owned(), source }),
    }
}

fn parse(path: &Path, text: &str) -> Result<SecretString, KeyError> {
    let is_key = text.len() == KEY_BYTES * 2 && text.chars().all(|c| c.is_ascii_hexdigit());
    if is_key { Ok(SecretString::from(text.to_owned())) } else { Err(KeyError::NotAKey(path.to_owned())) }
}

/// Writes beside the file and links it into place, so that the file is complete from its first moment and never
/// replaces one that is there.
fn make(path: &Path, entropy: &dyn Entropy) -> io::Result<()> {
    use std::fmt::Write as _;
    let mut key = [0; KEY_BYTES];
    entropy.fill(&mut key);
    let mut text = key.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    text.push('\n');
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let written = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let removed = fs::remove_file(&draft);
    linked.and(removed)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use secrecy::ExposeSecret;
    use services::SystemEntropy;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_readable_by_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing.key");
        let first = load_or_make(&path, &SystemEntropy).unwrap();
        let again = load_or_make(&path, &SystemEntropy).unwrap();
        assert_eq!(first.expose_secret(), again.expose_secret());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_damaged_key_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing.key");
        fs::write(&path, "secret").unwrap();
        assert!(matches!(load_or_make(&path, &SystemEntropy), Err(KeyError::NotAKey(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "secret");
    }
}
