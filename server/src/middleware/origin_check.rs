//! Refuses what another site makes a browser send: everything that changes state, every server function and every
//! WebSocket upgrade. Cookies alone do not prevent that, and Leptos leaves it to the application.
//!
//! Browsers say where a request comes from (`Sec-Fetch-Site`, `Origin`), and pages cannot change what they say. A
//! request with neither header was not made by a browser, so nobody's cookie was added to it against their will. Only a
//! WebSocket must always name its origin.

use axum::extract::Request;
use domain::ErrorCode;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use url::Url;

use crate::{AppState, http::Problem};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Where server functions live.
pub const SERVER_FUNCTIONS: &str = "/_fn";

/// Refuses the request if another site made it.
pub fn check(state: &AppState, request: &Request) -> Result<(), Problem> {
    if is_allowed(request, state.http.public_url.as_ref()) {
        return Ok(());
    }
    let message = "The browser says that another site made this request. Open AiWorker in its own tab and try there.";
    Err(Problem::new(ErrorCode::CrossSite, message))
}

fn is_allowed(request: &Request, public_url: Option<&Url>) -> bool {
    let headers = request.headers();
    let upgrade = is_upgrade(headers);
    let path = request.uri().path();
    let server_function =
        path.strip_prefix(SERVER_FUNCTIONS).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let reads_only = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads_only && !server_function && !upgrade {
        return true;
    }
    if headers.contains_key(header::AUTHORIZATION) && !headers.contains_key(header::COOKIE) {
        return true; // No page can make a browser add this header to a request to us.
    }
    let same_origin = || origin_is_ours(headers, public_url);
    match headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes) {
        Some(b"same-origin" | b"none") if upgrade => same_origin(),
        Some(b"same-origin" | b"none") => true,
        Some(_) => false,
        None if upgrade || headers.contains_key(header::ORIGIN) => same_origin(),
        None => true,
    }
}

/// Whether the request asks for another protocol, such as a WebSocket.
fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.contains_key(header::UPGRADE) || headers.contains_key(header::SEC_WEBSOCKET_KEY)
}

/// Whether `Origin` names the host that was asked, or the one people know us by.
fn origin_is_ours(headers: &HeaderMap, public_url: Option<&Url>) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN).and_then(|origin| Url::parse(origin).ok()) else { return false };
    if !matches!(origin.scheme(), "http" | "https") {
        return false;
    }
    let is_public = public_url.is_some_and(|public| public.origin() == origin.origin());
    let host = text(header::HOST).and_then(|host| Url::parse(&format!("{}://{host}", origin.scheme())).ok());
    is_public || host.is_some_and(|host| host.origin() == origin.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(method: &str, path: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = http::Request::builder().method(method).uri(path).header("host", "127.0.0.1:3000");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let public = Url::parse("https://agents.example.com").unwrap();
        is_allowed(&request.body(axum::body::Body::empty()).unwrap(), Some(&public))
    }

    #[test]
    fn what_changes_state_must_come_from_our_pages_or_from_no_browser() {
        for (method, path) in
            [("POST", "/api/projects"), ("DELETE", "/api/tasks/x"), ("GET", "/_fn/x"), ("PATCH", "/x")]
        {
            for good in [
                &[("sec-fetch-site", "same-origin")][..],
                &[("sec-fetch-site", "none")],
                &[("origin", "http://127.0.0.1:3000")],
                &[("origin", "https://agents.example.com")],
                &[("authorization", "Bearer x"), ("origin", "https://evil.example")],
                &[],
            ] {
                assert!(allowed(method, path, good), "{method} {path} {good:?}");
            }
            for bad in [
                &[("sec-fetch-site", "cross-site")][..],
                &[("sec-fetch-site", "same-site")],
                &[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:3000")],
                &[("origin", "https://evil.example")],
                &[("origin", "http://127.0.0.1:3001")],
                &[("origin", "null")],
                &[("origin", "")],
                &[("authorization", "Bearer x"), ("cookie", "session=x"), ("origin", "https://evil.example")],
            ] {
                assert!(!allowed(method, path, bad), "{method} {path} {bad:?}");
            }
        }
        assert!(allowed("GET", "/api/projects", &[("sec-fetch-site", "cross-site")]));
        assert!(allowed("GET", "/_fnord", &[("sec-fetch-site", "cross-site")]));
    }

    #[test]
    fn a_websocket_must_always_name_its_origin() {
        let open = |headers: &[(&str, &str)]| {
            allowed("GET", "/agent-terminal/x/ws", &[headers, &[("upgrade", "websocket")]].concat())
        };
        assert!(open(&[("origin", "http://127.0.0.1:3000")]));
        assert!(open(&[("origin", "http://127.0.0.1:3000"), ("sec-fetch-site", "same-origin")]));
        assert!(open(&[("authorization", "Bearer x")]));
        assert!(!open(&[]));
        assert!(!open(&[("sec-fetch-site", "same-origin")]));
        assert!(!open(&[("origin", "https://evil.example")]));
        assert!(!open(&[("origin", "http://127.0.0.1:3000"), ("sec-fetch-site", "cross-site")]));
    }
}
