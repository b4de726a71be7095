//! How a token looks: `awp_` for a person's, `awa_` for an agent's, forty characters of 62 (238 bits), and two that check them.
//!
//! The prefix and the check let secret scanners find leaked tokens without false alarms, and let us refuse a mistyped one
//! without asking the database.

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::entropy::{self, Entropy};

/// Begins the tokens of people.
pub(crate) const PERSONAL: &str = "awp_";
/// Begins the tokens of agents.
pub(crate) const AGENT: &str = "awa_";
/// Characters of either.
const PREFIX_CHARS: usize = 4;
const BODY_CHARS: usize = 40;
const CHECK_CHARS: usize = 2;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Largest multiple of 62 that a byte can hold: bytes from here on are thrown away, or some characters would be
/// likelier than others.
const FAIR: u8 = 248;

/// A new secret.
pub(crate) fn generate(prefix: &str, entropy: &dyn Entropy) -> SecretString {
    let mut text = String::with_capacity(PREFIX_CHARS + BODY_CHARS + CHECK_CHARS);
    text.push_str(prefix);
    while text.len() < PREFIX_CHARS + BODY_CHARS {
        let fair = entropy::bytes::<64>(entropy).into_iter().filter(|byte| *byte < FAIR);
        text.extend(fair.take(PREFIX_CHARS + BODY_CHARS - text.len()).map(character));
    }
    text.extend(check_of(&text));
    text.into()
}

/// Whether the text can be a token: an unknown one passes, a mistyped one does not.
pub(crate) fn is_token(prefix: &str, text: &str) -> bool {
    text.len() == PREFIX_CHARS + BODY_CHARS + CHECK_CHARS
        && text.is_ascii()
        && text.starts_with(prefix)
        && text
            .split_at_checked(PREFIX_CHARS + BODY_CHARS)
            .is_some_and(|(body, check)| check.chars().eq(check_of(body)))
}

/// What people tell tokens apart by.
pub(crate) fn last_four(secret: &SecretString) -> String {
    let secret = secret.expose_secret();
    secret.get(secret.len().saturating_sub(4)..).unwrap_or_default().to_owned()
}

fn check_of(text: &str) -> [char; CHECK_CHARS] {
    let digest = Sha256::digest(text.as_bytes());
    [character(digest[0]), character(digest[1])]
}

fn character(byte: u8) -> char {
    char::from(ALPHABET[usize::from(byte) % ALPHABET.len()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    #[test]
    fn a_mistyped_token_is_told_from_an_unknown_one() {
        let token = generate(PERSONAL, &SeededEntropy::new(1));
        let token = token.expose_secret();
        assert_eq!(token.len(), 46);
        assert!(is_token(PERSONAL, token) && !is_token(AGENT, token));
        let wrong = |at: usize| {
            let mut bytes = token.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            String::from_utf8(bytes).unwrap()
        };
        let accepted = (0..token.len()).filter(|at| is_token(PERSONAL, &wrong(*at))).count();
        assert_eq!(accepted, 0);
        assert!(!is_token(PERSONAL, "awp_"));
        assert!(!is_token(PERSONAL, &"é".repeat(23)));
    }
}
