//! The keys that seal users' credentials: one of 64 hexadecimal digits on each line of a file. The first one seals, all of
//! them open. To change keys, write a new one on the first line, run `aiworker admin rotate-keys`, and remove the others.

use std::{
    io,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret as _, SecretString};
use services::Entropy;

use super::signing_key::{self, KeyError};

/// The keys of the file; one new one when there is no file.
pub fn load_or_make(path: &Path, entropy: &dyn Entropy) -> Result<Vec<SecretString>, KeyError> {
    let file = |source| KeyError::File { path: PathBuf::from(path), source };
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let text = SecretString::from(text);
            Ok(lines(text.expose_secret()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            signing_key::load_or_make(path, entropy).map(|key| vec![key])
        }
        Err(source) => Err(file(source)),
    }
}

/// The keys in a text: one on each line, or with commas between them.
pub fn lines(text: &str) -> Vec<SecretString> {
    let keys = text.split(['\n', ',']).map(str::trim).filter(|key| !key.is_empty() && !key.starts_with('#'));
    keys.map(SecretString::from).collect()
}
