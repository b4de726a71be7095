//! The files of the pages: styles, scripts, WebAssembly, xterm. Ready-made `.br` and `.gz` neighbours are preferred.

use std::path::Path;

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
};
use http::{HeaderValue, header};
use tower_http::services::ServeDir;

use crate::AppState;

/// For files whose name changes with their content.
pub const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// For files whose name stays: keep, and ask each time whether they are still the same.
pub const ASK_AGAIN: &str = "public, no-cache";
/// Fewest characters of a content hash in a file's name.
const HASH_MIN: usize = 16;

/// The folders `/pkg` and `/assets` of the site, and the icon that browsers ask for unasked.
pub fn router(state: &AppState) -> Router<AppState> {
    let root = &state.http.site_root;
    let files = || ServeDir::new(root).append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
    let package = format!("{}{{*path}}", state.leptos_options.site_pkg_dir_route_base());
    Router::new()
        .route_service(&package, files())
        .route_service("/assets/{*path}", files())
        .route_service("/favicon.ico", files())
        .route_service("/favicon.svg", files())
        .layer(from_fn(cache_control))
}

async fn cache_control(request: Request, next: Next) -> Response {
    let value = if is_hashed(request.uri().path()) { FOR_EVER } else { ASK_AGAIN };
    let mut response = next.run(request).await;
    if response.status().is_success() || response.status() == http::StatusCode::NOT_MODIFIED {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
        // The entity tag says it better.
        response.headers_mut().remove(header::LAST_MODIFIED);
    }
    response
}

/// Whether the name holds a content hash, as cargo-leptos writes it (`aiworker.VGRp6WaeMxKWLUuUtNJ0Hw.css`), or a
/// version, as the folders of vendored packages do (`xterm-6.0.0.mjs`).
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let looks_like_hash = |part: &str| {
        part.len() >= HASH_MIN
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
            && part.contains(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase())
    };
    let looks_like_version = |stem: &str| {
        let version = stem.rsplit_once('-').map(|(_, version)| version).unwrap_or_default();
        version.split('.').count() >= 3 && version.split('.').take(3).all(|n| n.parse::<u32>().is_ok())
    };
    let mut inner = name.split('.').skip(1);
    inner.any(looks_like_hash) || name.rsplit_once('.').is_some_and(|(stem, _)| looks_like_version(stem))
}

/// The address of the site's style sheet, hashed or not, for pages that `app` does not make.
pub fn style_sheet(site_root: &Path, package_dir: &str) -> Option<String> {
    let mut names: Vec<_> = std::fs::read_dir(site_root.join(package_dir))
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "css"))
        .collect();
    names.sort();
    names.first().map(|name| format!("/{package_dir}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_change_with_their_content_are_kept_for_ever() {
        for hashed in [
            "/pkg/aiworker.VGRp6WaeMxKWLUuUtNJ0Hw.css",
            "/pkg/aiworker.hhv41u1YSCUAjG5t.wasm",
            "/assets/xterm-6.0.0.mjs",
        ] {
            assert!(is_hashed(hashed), "{hashed}");
        }
        for plain in [
            "/pkg/aiworker.css",
            "/pkg/aiworker_bg.wasm",
            "/assets/icon.svg",
            "/assets/xterm.mjs",
            "/a.background-image-x.svg",
        ] {
            assert!(!is_hashed(plain), "{plain}");
        }
    }
}
