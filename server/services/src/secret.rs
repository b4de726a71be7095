//! Secrets of browser sessions, and the form in which any secret is kept: its SHA-256.

use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use crate::entropy::{self, Entropy};

/// Characters of a session's secret: 256 bits in hexadecimal.
const SESSION_CHARS: usize = 64;

/// A new secret for a browser session.
pub(crate) fn session(entropy: &dyn Entropy) -> SecretString {
    hex(&entropy::bytes::<32>(entropy)).into()
}

/// Whether the text has the form of a session's secret.
pub(crate) fn is_session(text: &str) -> bool {
    text.len() == SESSION_CHARS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// How a secret of full strength is kept and looked up. A fast hash is enough: nobody can try 2^256 secrets.
pub(crate) fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::entropy::SeededEntropy;

    #[test]
    fn session_secrets_have_their_form_and_are_kept_as_sha_256() {
        let secret = session(&SeededEntropy::new(1));
        assert!(is_session(secret.expose_secret()));
        assert!(
            !is_session(&secret.expose_secret().to_uppercase())
                || secret.expose_secret().bytes().all(|b| b.is_ascii_digit())
        );
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
