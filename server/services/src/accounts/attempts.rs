//! How often somebody may try to sign in or make an account. Kept in memory: a restart forgives.
//!
//! Every attempt counts from when it begins, so that many at once cannot slip through; one that succeeds is taken back.

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::Timestamp;

use crate::{
    clock::{elapsed, later},
    error::Error,
};

/// How long an attempt counts.
const WINDOW: Duration = Duration::from_mins(1);
/// Failed sign-ins per minute from one address to one account.
const PER_ACCOUNT: usize = 5;
/// Failed sign-ins per minute from one address.
const PER_ADDRESS: usize = 20;
/// Accounts made or refused per minute from one address: each costs a hash. A class of students behind one address
/// fits.
const REGISTRATIONS_PER_ADDRESS: usize = 60;
/// Addresses and accounts that are remembered. Beyond it those that were quiet longest are forgotten.
const REMEMBERED: usize = 10_000;
/// Bits of an IPv6 address that name a customer; the rest is theirs to vary.
const IPV6_CUSTOMER_BITS: u32 = 64;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Account { address: String, username: String },
    Address(String),
    Registrations(String),
}

impl Key {
    const fn limit(&self) -> usize {
        match self {
            Self::Account { .. } => PER_ACCOUNT,
            Self::Address(_) => PER_ADDRESS,
            Self::Registrations(_) => REGISTRATIONS_PER_ADDRESS,
        }
    }
}

/// A sign-in that has begun and counts as failed until it is forgiven.
#[derive(Debug)]
pub(super) struct Attempt {
    keys: [Key; 2],
    at: Timestamp,
}

/// The attempts of the last minute.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<HashMap<Key, VecDeque<Timestamp>>>);

impl Attempts {
    /// Counts a sign-in, or says when it will be heard.
    pub(super) fn begin_sign_in(&self, address: &str, username: &str, now: Timestamp) -> Result<Attempt, Error> {
        let address = customer(address);
        let keys = [Key::Address(address.clone()), Key::Account { address, username: username.to_owned() }];
        self.count(&keys, now)?;
        Ok(Attempt { keys, at: now })
    }

    /// Takes back a sign-in that succeeded.
    pub(super) fn forgive(&self, attempt: &Attempt) {
        let mut seen = self.seen();
        for key in &attempt.keys {
            let Some(times) = seen.get_mut(key) else { continue };
            if let Some(index) = times.iter().position(|time| *time == attempt.at) {
                times.remove(index);
            }
        }
    }

    /// Counts a registration, or says when it will be heard.
    pub(super) fn count_registration(&self, address: &str, now: Timestamp) -> Result<(), Error> {
        self.count(&[Key::Registrations(customer(address))], now)
    }

    /// Counts an attempt under every key, or under none.
    fn count(&self, keys: &[Key], now: Timestamp) -> Result<(), Error> {
        let mut seen = self.seen();
        for key in keys {
            let Some(times) = seen.get_mut(key) else { continue };
            times.retain(|time| elapsed(*time, now) < WINDOW);
            if let Some(oldest) = times.front().filter(|_| times.len() >= key.limit()) {
                return Err(Error::RateLimited { retry_after: elapsed(now, later(*oldest, WINDOW)) });
            }
        }
        for key in keys {
            if seen.len() >= REMEMBERED && !seen.contains_key(key) {
                forget_some(&mut seen, now);
            }
            seen.entry(key.clone()).or_default().push_back(now);
        }
        Ok(())
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<Key, VecDeque<Timestamp>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room: everything that no longer counts goes, and when that is not enough, a quarter of the rest, so that a
/// flood does not search the whole memory with every attempt.
fn forget_some(seen: &mut HashMap<Key, VecDeque<Timestamp>>, now: Timestamp) {
    seen.retain(|_, times| times.back().is_some_and(|last| elapsed(*last, now) < WINDOW));
    if seen.len() < REMEMBERED {
        return;
    }
    let mut last: Vec<_> = seen.values().filter_map(|times| times.back().copied()).collect();
    let mut to_go = last.len() / 4;
    let (_, newest_to_go, _) = last.select_nth_unstable(to_go);
    let newest_to_go = *newest_to_go;
    seen.retain(|_, times| {
        let goes = to_go > 0 && times.back().is_none_or(|last| *last <= newest_to_go);
        to_go -= usize::from(goes);
        !goes
    });
}

/// The part of an address that its user cannot change at will.
fn customer(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => {
            Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << IPV6_CUSTOMER_BITS)).to_string()
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn retry_after(outcome: Result<Attempt, Error>) -> Option<Duration> {
        outcome.err().and_then(|error| error.retry_after())
    }

    #[test]
    fn the_sixth_failure_within_a_minute_waits_for_the_first_to_be_forgotten() {
        let attempts = Attempts::default();
        for second in 0..5 {
            assert!(attempts.begin_sign_in("::1", "ann", later(START, Duration::from_secs(second))).is_ok());
        }
        let now = later(START, Duration::from_secs(10));
        assert_eq!(retry_after(attempts.begin_sign_in("::1", "ann", now)), Some(Duration::from_secs(50)));
        assert!(attempts.begin_sign_in("::1", "bob", now).is_ok(), "another account is not concerned");
        assert!(attempts.begin_sign_in("10.0.0.1", "ann", now).is_ok(), "another address is not concerned");
        assert!(attempts.begin_sign_in("::1", "ann", later(START, WINDOW)).is_ok());
    }

    #[test]
    fn one_address_cannot_try_many_accounts() {
        let attempts = Attempts::default();
        for number in 0..PER_ADDRESS {
            assert!(attempts.begin_sign_in("2001:db8::1", &format!("user{number}"), START).is_ok());
        }
        assert_eq!(retry_after(attempts.begin_sign_in("2001:db8::ffff", "other", START)), Some(WINDOW));
    }

    #[test]
    fn a_success_does_not_count() {
        let attempts = Attempts::default();
        for _ in 0..100 {
            let attempt = attempts.begin_sign_in("::1", "ann", START).unwrap();
            attempts.forgive(&attempt);
        }
    }

    #[test]
    fn a_flood_of_addresses_is_forgotten_in_time() {
        let attempts = Attempts::default();
        for number in 0..REMEMBERED + 100 {
            let _ = attempts.begin_sign_in(&format!("address {number}"), "ann", START);
        }
        assert!(attempts.seen().len() <= REMEMBERED);
    }
}
