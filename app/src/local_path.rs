//! Addresses on this site that come from outside, such as where to go after signing in. Anything that could lead to
//! another site is refused.

/// The address if it leads to a place on this site.
///
/// Browsers read `//host` and `/\host` as other sites, and drop tabs and line ends before they look.
pub fn checked(address: &str) -> Option<&str> {
    let rest = address.strip_prefix('/')?;
    let stays = !rest.starts_with(['/', '\\']) && !address.chars().any(|c| c.is_control() || c == '\\');
    stays.then_some(address)
}

/// The page to sign in on, which leads back to `address`.
pub fn login_page(address: &str) -> String {
    match checked(address) {
        Some(address) if address != "/" => format!("/login?next={}", escape(address)),
        _ => "/login".to_owned(),
    }
}

/// Percent-encodes what has a meaning in a query.
fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_on_this_site_pass() {
        for good in ["/", "/agents", "/projects/1?dialog=new-task", "/a//b"] {
            assert_eq!(checked(good), Some(good));
        }
        for bad in
            ["", "agents", "//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "/a\\b"]
        {
            assert_eq!(checked(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn the_way_back_survives_the_query() {
        assert_eq!(login_page("/tasks/1?a=b&c"), "/login?next=/tasks/1%3Fa%3Db%26c");
        assert_eq!(login_page("//evil.example"), "/login");
        assert_eq!(login_page("/"), "/login");
    }
}
