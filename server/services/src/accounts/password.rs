//! Hashing passwords with argon2id, away from the threads that serve requests.

use std::{sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::{self, PasswordHash, SaltString},
};
use domain::validate::PASSWORD_MAX_BYTES;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use crate::{
    clock::{Clock, within},
    entropy::{self, Entropy},
    error::Error,
};

/// Memory of one hash, in KiB (OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane).
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes at one time: each takes 19 MiB and a core for some hundredths of a second.
const AT_ONCE: usize = 2;
/// How long a request waits for its turn. Longer means that somebody floods the sign-in.
const TURN_DEADLINE: Duration = Duration::from_secs(10);
/// What the password of an unknown user is checked against, so that the answer takes as long as for a known one.
/// Nothing hashes to it.
pub(super) const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub(crate) struct Passwords {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    turns: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy, turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// The hash of a new password, in the PHC string format.
    pub(super) async fn hash(&self, password: SecretString) -> Result<SecretString, Error> {
        let salt = SaltString::encode_b64(&entropy::bytes::<16>(&*self.entropy)).map_err(Error::internal)?;
        self.in_turn(move || {
            let hash = argon2id()?.hash_password(password.expose_secret().as_bytes(), &salt)?;
            Ok(hash.to_string().into())
        })
        .await
    }

    /// Whether the password has this hash. Without a hash the answer is no, after the same time.
    pub(super) async fn verify(&self, password: SecretString, hash: Option<SecretString>) -> Result<bool, Error> {
        if password.expose_secret().len() > PASSWORD_MAX_BYTES {
            return Ok(false);
        }
        self.in_turn(move || {
            let text = hash.as_ref().map_or(NOBODY, |hash| hash.expose_secret());
            match argon2id()?.verify_password(password.expose_secret().as_bytes(), &PasswordHash::new(text)?) {
                Ok(()) => Ok(hash.is_some()),
                Err(password_hash::Error::Password) => Ok(false),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, password_hash::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = within(&*self.clock, TURN_DEADLINE, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.ok_or(Error::Unavailable {
            message: "Too many people are signing in at the moment. Try again shortly.",
            source: None,
        })?;
        let turn = turn.map_err(Error::internal)?;
        let done = tokio::task::spawn_blocking(move || {
            let outcome = work();
            drop(turn);
            outcome
        });
        done.await.map_err(Error::internal)?.map_err(Error::internal)
    }
}

fn argon2id() -> Result<Argon2<'static>, password_hash::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::SystemClock, entropy::SeededEntropy};

    #[tokio::test]
    async fn nobody_costs_as_much_as_somebody_and_is_never_let_in() {
        let passwords = Passwords::new(Arc::new(SystemClock), Arc::new(SeededEntropy::new(1)));
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        let costs = |text: &str| text.split('$').nth(3).map(str::to_owned);
        assert_eq!(costs(hash.expose_secret()), costs(NOBODY));
        assert!(passwords.verify("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("wrong horse".into(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("correct horse".into(), None).await.unwrap());
    }
}
