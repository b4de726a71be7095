//! The session cookie: its name, how it is set, cleared and read. What it means is the business of accounts.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use crate::secret;

/// How this installation's session cookie is named and protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCookie {
    name: &'static str,
    secure: bool,
}

impl SessionCookie {
    /// For HTTPS: browsers refuse a `__Host-` cookie that another host or an insecure page tries to set.
    pub const fn over_https() -> Self {
        Self { name: "__Host-session", secure: true }
    }

    /// For plain HTTP on this machine, where browsers refuse `Secure`.
    pub const fn over_loopback_http() -> Self {
        Self { name: "session", secure: false }
    }

    /// The cookie's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the cookie is sent over HTTPS only.
    pub const fn secure(&self) -> bool {
        self.secure
    }

    /// The value of a `Set-Cookie` header that carries the secret.
    pub fn set(&self, secret: &SecretString, max_age: Duration) -> String {
        self.header(secret.expose_secret(), max_age.as_secs())
    }

    /// The value of a `Set-Cookie` header that removes the cookie.
    pub fn clear(&self) -> String {
        self.header("", 0)
    }

    /// The secret in a `Cookie` header. Cookies of the same name that cannot be ours are passed over: on loopback,
    /// every port shares one jar.
    pub fn read<'a>(&self, header: &'a str) -> Option<&'a str> {
        let pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(name, _)| *name == self.name).map(|(_, value)| value).find(|value| secret::is_session(value))
    }

    fn header(&self, value: &str, max_age: u64) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_https_the_cookie_is_bound_to_the_host_and_to_tls() {
        let secret = SecretString::from("ab".repeat(32));
        assert_eq!(
            SessionCookie::over_https().set(&secret, Duration::from_mins(1)),
            format!("__Host-session={}; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure", "ab".repeat(32))
        );
        assert_eq!(
            SessionCookie::over_loopback_http().clear(),
            "session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
        );
    }

    #[test]
    fn a_cookie_of_another_program_on_the_same_host_is_passed_over() {
        let secret = "0f".repeat(32);
        let header = format!("theme=dark; session=eyJhIjoxfQ.x; session={secret}; other=1");
        assert_eq!(SessionCookie::over_loopback_http().read(&header), Some(secret.as_str()));
        assert_eq!(SessionCookie::over_https().read(&header), None);
        assert_eq!(SessionCookie::over_loopback_http().read("session="), None);
    }
}
