//! Network addresses, as far as the rules here need them: `scheme://[user[:password]@]host[:port]` and whatever follows.
//!
//! Not a URL library: that would bring the tables of all the world's scripts into every browser. A host outside ASCII is
//! written in its ASCII form (`xn--…`).

use std::net::Ipv6Addr;

/// Longest name of a host, by the rules of DNS.
const HOST_MAX_BYTES: usize = 253;

/// The parts of an address. What comes after the host and its port is not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address<'a> {
    /// What stands before `://`, in lower case.
    pub scheme: String,
    /// What stands before `@`, up to the first colon; empty when there is none.
    pub user: &'a str,
    /// What stands between that colon and `@`.
    pub password: Option<&'a str>,
    /// A name, an IPv4 address, or an IPv6 address without its brackets. Never empty, never with a leading dash.
    pub host: &'a str,
}

impl<'a> Address<'a> {
    /// Reads an address; `None` for everything that is none.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        // A backslash ends the host for some programs and not for others; no host may have one.
        let authority = rest.split(['/', '?', '#']).next().filter(|authority| !authority.contains('\\'))?;
        let (account, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = match account.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (account, None),
        };
        let (host, port) = split_place(place)?;
        let has_port = port.is_empty() || port.parse::<u16>().is_ok();
        (named && has_port).then(|| Self { scheme: scheme.to_ascii_lowercase(), user, password, host })
    }
}

/// The host and the port, which may be empty.
fn split_place(place: &str) -> Option<(&str, &str)> {
    if let Some(rest) = place.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        host.parse::<Ipv6Addr>().ok()?;
        return Some((host, if after.is_empty() { "" } else { after.strip_prefix(':')? }));
    }
    let (host, port) = place.split_once(':').unwrap_or((place, ""));
    let plain = host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
        && host.len() <= HOST_MAX_BYTES;
    plain.then_some((host, port))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let parts = |text| Address::parse(text).map(|a| (a.scheme, a.user, a.password, a.host));
        let is = |scheme: &str, user, password, host| Some((scheme.to_owned(), user, password, host));
        assert_eq!(parts("https://example.com"), is("https", "", None, "example.com"));
        assert_eq!(parts("HTTPS://Example.com:8443/a/b.git?x#y"), is("https", "", None, "Example.com"));
        assert_eq!(parts("ssh://git@host:22/a"), is("ssh", "git", None, "host"));
        assert_eq!(parts("https://u:p@host/a@b"), is("https", "u", Some("p"), "host"));
        assert_eq!(parts("https://u:p@q@host/"), is("https", "u", Some("p@q"), "host"));
        assert_eq!(parts("git://[2001:db8::1]:9418/a"), is("git", "", None, "2001:db8::1"));
        assert_eq!(parts("https://10.0.0.1/a"), is("https", "", None, "10.0.0.1"));
    }

    #[test]
    fn everything_else_is_no_address() {
        for bad in [
            "",
            "https://",
            "https:///a",
            "https:/a",
            "://a",
            "1x://a",
            "a b://c",
            "https://-x/a",
            "https://a b/",
            "https://a:b/",
            "https://a:70000/",
            "https://[::1",
            "https://[x]/",
            "https://[::1]x/",
            "https://bücher.example/",
            "https://a%20b/",
            "https://good.example\\@bad.example/",
            "https://\\a",
            "javascript:alert(1)",
            "ext::sh -c id",
        ] {
            assert_eq!(Address::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        /// What the library that the server's other parts use takes for the host is what we take for it.
        #[test]
        fn hosts_agree_with_the_url_standard(text in "(https|ssh|git)://([a-z]{0,3}(:[a-z]{0,3})?@)?[a-z][a-z0-9.-]{0,8}(:[0-9]{1,4})?(/[a-z@:?#\\\\]{0,8})?") {
            if let (Some(ours), Ok(theirs)) = (Address::parse(&text), url::Url::parse(&text)) {
                prop_assert_eq!(Some(ours.host), theirs.host_str());
                prop_assert_eq!(ours.user, theirs.username());
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text: String) {
            let _ = Address::parse(&text);
        }
    }
}
