//! Sealing credentials: XChaCha20-Poly1305 with a random nonce, bound to the row and its owner, so that a sealed text
//! that is copied to another row or user does not open.
//!
//! There is a list of keys. The first seals; every one of them opens what it sealed, so that keys can be changed while
//! the server runs.

use base64ct::{Base64, Encoding as _};
use chacha20poly1305::{
    Key, KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    entropy::{self, Entropy},
    secret,
};

/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// Bytes of a nonce: so many that random ones never meet.
const NONCE_BYTES: usize = 24;
/// Characters of a key's id: enough to tell keys apart, and telling nothing of the key.
const ID_CHARS: usize = 16;

/// Why something cannot be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// A key is not 64 hexadecimal digits.
    #[error("key number {0} of the credential keys is not 64 hexadecimal digits")]
    NotAKey(usize),
    /// There is no key to seal with.
    #[error("there is no credential key")]
    NoKey,
    /// It was sealed with a key that is not in the list.
    #[error("the credential key {0} is missing; add it to the list of credential keys")]
    MissingKey(String),
    /// It was changed, or belongs to somebody else.
    #[error("a sealed credential does not open: it was changed, or the key is another one")]
    Damaged,
}

/// The keys.
pub(crate) struct Vault(Vec<(String, XChaCha20Poly1305)>);

impl Vault {
    /// The keys as 64 hexadecimal digits each; the first seals.
    pub(crate) fn new(keys: &[SecretString]) -> Result<Self, VaultError> {
        let key = |(number, text): (usize, &SecretString)| {
            let text = text.expose_secret();
            let bytes = unhex(text).ok_or(VaultError::NotAKey(number + 1))?;
            let mut id = secret::hash(&format!("credential key {text}"));
            id.truncate(ID_CHARS);
            Ok((id, XChaCha20Poly1305::new(&Key::from(bytes))))
        };
        keys.iter().enumerate().map(key).collect::<Result<_, _>>().map(Self)
    }

    /// The id of the key that seals.
    pub(crate) fn sealing_key(&self) -> Result<&str, VaultError> {
        self.0.first().map(|(id, _)| id.as_str()).ok_or(VaultError::NoKey)
    }

    /// Whether there is a key with this id.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.0.iter().any(|(known, _)| known == id)
    }

    /// The sealed text, which opens for the same `owner` only.
    pub(crate) fn seal(&self, entropy: &dyn Entropy, owner: &str, text: &SecretString) -> Result<String, VaultError> {
        let (_, cipher) = self.0.first().ok_or(VaultError::NoKey)?;
        let nonce: [u8; NONCE_BYTES] = entropy::bytes(entropy);
        let payload = Payload { msg: text.expose_secret().as_bytes(), aad: owner.as_bytes() };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| VaultError::Damaged)?;
        Ok(Base64::encode_string(&[nonce.as_slice(), &sealed].concat()))
    }

    /// What is in a sealed text.
    pub(crate) fn open(&self, key_id: &str, owner: &str, sealed: &str) -> Result<SecretString, VaultError> {
        let key = self.0.iter().find(|(id, _)| id == key_id);
        let (_, cipher) = key.ok_or_else(|| VaultError::MissingKey(key_id.to_owned()))?;
        let bytes = Base64::decode_vec(sealed).map_err(|_| VaultError::Damaged)?;
        let (nonce, body) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::Damaged)?;
        let payload = Payload { msg: body, aad: owner.as_bytes() };
        let text = cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| VaultError::Damaged)?;
        String::from_utf8(text).map(SecretString::from).map_err(|_| VaultError::Damaged)
    }
}

fn unhex(text: &str) -> Option<[u8; KEY_BYTES]> {
    if text.len() != KEY_BYTES * 2 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; KEY_BYTES];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[i * 2..i * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    fn vault(keys: &[&str]) -> Vault {
        Vault::new(&keys.iter().map(|key| SecretString::from(key.repeat(32))).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_for_its_row_and_key_alone() {
        let entropy = SeededEntropy::new(1);
        let old = vault(&["0a"]);
        let sealed = old.seal(&entropy, "row 1", &"sk-secret".into()).unwrap();
        assert!(!sealed.contains("secret"));
        assert_ne!(sealed, old.seal(&entropy, "row 1", &"sk-secret".into()).unwrap());
        let key = old.sealing_key().unwrap().to_owned();
        assert_eq!(old.open(&key, "row 1", &sealed).unwrap().expose_secret(), "sk-secret");
        let open = |vault: &Vault, key: &str, owner: &str, sealed: &str| vault.open(key, owner, sealed).map(drop);
        assert_eq!(open(&old, &key, "row 2", &sealed), Err(VaultError::Damaged));
        let new = vault(&["0b", "0a"]);
        assert_ne!(new.sealing_key().unwrap(), key);
        assert_eq!(open(&new, &key, "row 1", &sealed), Ok(()));
        assert_eq!(open(&vault(&["0b"]), &key, "row 1", &sealed), Err(VaultError::MissingKey(key.clone())));
        let changed = sealed.replacen(|c: char| c.is_ascii_digit(), "x", 1);
        assert_eq!(open(&old, &key, "row 1", &changed), Err(VaultError::Damaged));
        for nonsense in ["", "x", "AAAA"] {
            assert_eq!(open(&old, &key, "row 1", nonsense), Err(VaultError::Damaged));
        }
    }

    #[test]
    fn a_key_that_is_none_is_named() {
        let keys = [SecretString::from("0a".repeat(32)), "secret".into()];
        assert_eq!(Vault::new(&keys).err(), Some(VaultError::NotAKey(2)));
    }
}
