//! `DATABASE_URL`: which database, and what in the address must be refused because it could not be kept.

use std::path::{Path, PathBuf};

use url::form_urlencoded;

use crate::{Result, StoreError};

/// Where the database is.
pub enum Address {
    /// A file, by its absolute path.
    Sqlite(PathBuf),
    /// A server, by its address in the form of tokio-postgres.
    Postgres(String),
    /// A server, by its address in the form of `mysql_async`.
    Mysql(String),
}

impl Address {
    /// Understands the address, or says what is wrong with it without repeating it: it may hold a password.
    pub fn parse(url: &str) -> Result<Self> {
        let (scheme, rest) = url.split_once(':').ok_or_else(|| refused("it does not begin with a scheme"))?;
        match scheme {
            "sqlite" => sqlite_path(rest).map(Self::Sqlite),
            "postgres" | "postgresql" => {
                refuse_tls(url, &["sslmode"], &["disable", "prefer"])?;
                Ok(Self::Postgres(url.to_owned()))
            }
            "mysql" | "mariadb" => {
                refuse_tls(url, &["require_ssl", "verify_ca", "verify_identity", "sslmode", "ssl-mode"], &["false"])?;
                Ok(Self::Mysql(format!("mysql:{rest}")))
            }
            _ => Err(refused(&format!(
                "{scheme:?} is not a scheme it knows; use sqlite://, postgres:// or mysql:// (or mariadb://)"
            ))),
        }
    }
}

fn refused(why: &str) -> StoreError {
    StoreError::Address(why.to_owned())
}

/// `sqlite:///absolute`, `sqlite://relative`, and the same without the two slashes.
fn sqlite_path(rest: &str) -> Result<PathBuf> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path.ends_with('/') {
        return Err(refused("sqlite:// must be followed by the path of a file"));
    }
    if path.contains(":memory:") || path.contains('?') {
        return Err(refused("sqlite:// takes the path of a file and no options; a database in memory would be lost"));
    }
    // An absolute path also keeps SQLite from reading `file:…` as an address of its own.
    std::path::absolute(Path::new(path)).map_err(|source| StoreError::File { path: path.into(), source })
}

/// Refuses an address that asks for encryption: this build cannot encrypt, and must not pretend to.
fn refuse_tls(url: &str, keys: &[&str], harmless: &[&str]) -> Result<()> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        if keys.contains(&key.as_ref()) && !harmless.contains(&value.as_ref()) {
            return Err(refused(&format!(
                "it asks for {key}={value}, and this build has no TLS for databases; use a Unix socket, a private \
                 network or a local proxy that encrypts, and leave {key} out"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(url: &str) -> String {
        match Address::parse(url) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("{url} was accepted"),
        }
    }

    #[test]
    fn the_scheme_picks_the_database() {
        assert!(matches!(Address::parse("sqlite:///a/b.db"), Ok(Address::Sqlite(p)) if p == Path::new("/a/b.db")));
        assert!(matches!(Address::parse("sqlite://b.db"), Ok(Address::Sqlite(p)) if p.is_absolute()));
        assert!(matches!(Address::parse("postgresql://u@h/d?host=/run&sslmode=disable"), Ok(Address::Postgres(_))));
        assert!(matches!(Address::parse("mariadb://u:p@h/d"), Ok(Address::Mysql(u)) if u == "mysql://u:p@h/d"));
        assert!(complaint("oracle://u:hunter2@h/d").contains("\"oracle\" is not a scheme"));
        assert!(complaint("/var/lib/aiworker.db").contains("does not begin with a scheme"));
    }

    #[test]
    fn a_wish_for_encryption_is_never_ignored() {
        for url in [
            "postgres://u:hunter2@h/d?sslmode=require",
            "postgres://u:hunter2@h/d?x=1&sslmode=verify-full",
            "mysql://u:hunter2@h/d?require_ssl=true",
            "mysql://u:hunter2@h/d?ssl-mode=REQUIRED",
        ] {
            assert!(complaint(url).contains("no TLS"), "{url}");
        }
    }

    #[test]
    fn complaints_never_repeat_a_password() {
        for url in ["oracle://u:hunter2@h/d", "postgres://u:hunter2@h/d?sslmode=require", "hunter2"] {
            assert!(!complaint(url).contains("hunter2"), "{url}");
        }
    }

    #[test]
    fn a_database_in_memory_is_refused() {
        assert!(complaint("sqlite://:memory:").contains("in memory"));
        assert!(complaint("sqlite::memory:").contains("in memory"));
        assert!(complaint("sqlite://").contains("path of a file"));
    }
}
