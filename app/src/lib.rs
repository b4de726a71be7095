//! The dashboard: pages, components and server functions, rendered on the server and hydrated in the browser.
//!
//! It knows `services` (on the server) and `domain`; it does not know SQL, clusters or routers.

#![recursion_limit = "512"]

mod api;
mod components;
pub mod error;
mod escape;
mod format;
mod inert;
mod lazy;
mod lean;
mod local_path;
mod pages;
mod routes;
mod shell;
mod state;

pub use routes::App;
pub use shell::shell;

/// Takes over the page that the server rendered. Called once, by `frontend`.
#[cfg(feature = "hydrate")]
pub fn start() {
    console_error_panic_hook::set_once();
    // A redirect means signing in or out: everything that the page knows is old. It is set already after a hot reload.
    let _ = leptos::server_fn::redirect::set_redirect_hook(|path| {
        let _ = leptos::prelude::window().location().assign(path);
    });
    wasm_bindgen_futures::spawn_local(take_over());
}

#[cfg(feature = "hydrate")]
async fn take_over() {
    let path = leptos::prelude::window().location().pathname().unwrap_or_default();
    if lazy::fetch_page(&path).await.is_err() {
        // The console says why. The page stays what the server sent: links and forms.
        return;
    }
    leptos::mount::hydrate_body(App);
    // Says that the page answers to more than links and forms. Nothing in the page depends on it; tests wait for it.
    if let Some(html) = leptos::prelude::document().document_element() {
        // It fails for a name that is no name only.
        let _ = html.set_attribute("data-interactive", "");
    }
}
