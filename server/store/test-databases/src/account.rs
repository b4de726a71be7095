//! The account that a database server runs as: both refuse to run as root.

use std::{fs, os::unix::fs::MetadataExt};

/// A user of this machine.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    pub uid: u32,
    pub gid: u32,
}

impl Account {
    /// Whoever runs the tests.
    pub fn of_tests() -> Self {
        let own = fs::metadata("/proc/self").expect("Linux has /proc");
        Self { uid: own.uid(), gid: own.gid() }
    }
}

/// The first of `names` that exists, if the tests run as root; otherwise the servers run as whoever runs the tests.
pub fn instead_of_root(names: &[&str]) -> Option<Account> {
    if Account::of_tests().uid != 0 {
        return None;
    }
    let passwd = fs::read_to_string("/etc/passwd").expect("there is a list of users");
    let account = names.iter().find_map(|name| find(&passwd, name));
    Some(account.expect("a user that is not root, such as nobody, is needed to run database servers"))
}

/// Looks for a line `name:password:uid:gid:…`.
fn find(passwd: &str, name: &str) -> Option<Account> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut numbers = line.split(':').skip(2).map(str::parse);
    Some(Account { uid: numbers.next()?.ok()?, gid: numbers.next()?.ok()? })
}
