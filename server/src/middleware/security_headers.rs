//! What browsers are told about every answer. Pages bring their own `Content-Security-Policy`, because it holds the
//! nonce of their scripts; everything else gets the strictest one.

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::{
    AppState,
    static_files::{ASK_AGAIN, FOR_EVER},
};

/// For answers that are not pages: nothing in them may load or be framed.
const NOT_A_PAGE: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";
/// Two years, as browsers' preload lists ask for.
const HSTS: &str = "max-age=63072000";

/// Adds them.
pub fn add(state: &AppState, response: &mut Response) {
    let headers = response.headers_mut();
    let always = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    // These tell a browser about a window. The scripts, styles and modules of a page are none, and it fetches dozens of them.
    let of_windows = [
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()"),
    ];
    let is_part = headers.get(header::CACHE_CONTROL).is_some_and(|kept| kept == FOR_EVER || kept == ASK_AGAIN);
    let of_windows = of_windows.into_iter().filter(|_| !is_part);
    for (name, value) in always.into_iter().chain(of_windows) {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if state.http.is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    unless_set(headers, header::CONTENT_SECURITY_POLICY, NOT_A_PAGE);
    // Files say for themselves how long they may be kept; everything else belongs to whoever is signed in.
    unless_set(headers, header::CACHE_CONTROL, "no-store");
}

fn unless_set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if !headers.contains_key(&name) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The policy of a page whose scripts carry `nonce`. `also_connect` is a further place it may connect to.
///
/// xterm.js makes `<style>` elements, hence `unsafe-inline` for styles; WebAssembly needs `wasm-unsafe-eval`.
pub fn page_policy(nonce: &str, also_connect: Option<&str>) -> String {
    let also_connect = also_connect.map(|source| format!(" {source}")).unwrap_or_default();
    format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' 'nonce-{nonce}'; connect-src 'self'{also_connect}; \
         style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; form-action 'self'; \
         frame-ancestors 'none'; object-src 'none'; base-uri 'none'"
    )
}
