//! Counts open terminal sessions against the limits. A permit gives its place back when it is dropped.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::UserId;

use super::limits::Limits;

/// Who has how many terminal sessions open.
#[derive(Debug, Clone)]
pub struct Admission {
    limits: Limits,
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_user: HashMap<UserId, usize>,
}

/// The limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// The user's own.
    #[error("You have {0} terminals open, which is the limit. Close one of them and open this one again.")]
    User(usize),
    /// That of the whole server.
    #[error("This server has {0} terminals open, which is its limit. Try again later.")]
    Server(usize),
}

/// One open terminal session.
#[derive(Debug)]
pub struct Permit {
    user: UserId,
    open: Arc<Mutex<Open>>,
}

impl Admission {
    /// Nobody has a terminal open.
    pub fn new(limits: Limits) -> Self {
        Self { limits, open: Arc::default() }
    }

    /// Takes a place for a user.
    pub fn admit(&self, user: UserId) -> Result<Permit, Full> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.total >= self.limits.total {
            return Err(Full::Server(self.limits.total));
        }
        let of_user = open.by_user.entry(user).or_default();
        if *of_user >= self.limits.per_user {
            return Err(Full::User(self.limits.per_user));
        }
        *of_user += 1;
        open.total += 1;
        Ok(Permit { user, open: Arc::clone(&self.open) })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total -= 1;
        if let Some(of_user) = open.by_user.get_mut(&self.user) {
            *of_user -= 1;
            if *of_user == 0 {
                open.by_user.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: u64) -> UserId {
        format!("0190b5c6-7d2a-7cc3-9c41-{number:012x}").parse().unwrap()
    }

    #[test]
    fn places_are_limited_and_given_back() {
        let admission = Admission::new(Limits { per_user: 1, total: 2, ..Limits::default() });
        let first = admission.admit(user(1)).unwrap();
        assert_eq!(admission.admit(user(1)).unwrap_err(), Full::User(1));
        let _second = admission.admit(user(2)).unwrap();
        assert_eq!(admission.admit(user(3)).unwrap_err(), Full::Server(2));
        drop(first);
        assert_eq!(admission.open.lock().unwrap().total, 1);
        let _third = admission.admit(user(3)).unwrap();
        assert_eq!(admission.open.lock().unwrap().by_user.len(), 2);
    }
}
