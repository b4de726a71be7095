//! The whole public surface, and the order in which requests meet it. Tests build exactly this.

use axum::{Router, middleware::from_fn_with_state, routing::any};
use tower::ServiceBuilder;
use tower_http::{CompressionLevel, compression::CompressionLayer};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{AppState, http, mcp, middleware as on, pages, static_files, terminal};

/// What answers besides the operations of the API, the pages and the server functions.
pub const NOT_IN_THE_API: [(&str, &str); 9] = [
    ("POST", mcp::PATH),
    ("GET", "/api/docs"),
    ("GET", "/api/openapi.json"),
    ("GET", "/agent-terminal/{id}/ws"),
    ("GET", "/agent-terminal/{id}/history"),
    ("GET", "/pkg/{*path}"),
    ("GET", "/assets/{*path}"),
    ("GET", "/favicon.ico"),
    ("GET", "/favicon.svg"),
];

/// Everything that answers on the public address.
pub fn build_router(state: AppState) -> Router {
    let people = Router::new()
        .merge(Router::from(api()))
        .route("/api", any(http::problem::unknown_path))
        .route("/api/", any(http::problem::unknown_path))
        .route("/api/{*path}", any(http::problem::unknown_path))
        .method_not_allowed_fallback(http::problem::unknown_method)
        .merge(terminal::router(&state))
        .merge(pages::router(&state))
        .fallback(pages::fallback(&state))
        .layer(from_fn_with_state(state.clone(), on::authenticate::layer));
    let everybody = Router::from(open_api())
        .merge(http::docs::router(openapi()))
        .method_not_allowed_fallback(http::problem::unknown_method);
    people
        .merge(everybody)
        .merge(mcp::router(&state))
        .merge(static_files::router(&state))
        // The first is the outermost: it sees the request first and the answer last.
        .layer(
            ServiceBuilder::new()
                .layer(from_fn_with_state(state.clone(), on::around))
                .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
                .layer(from_fn_with_state(state.clone(), on::before)),
        )
        .with_state(state)
}

/// The part of the JSON API that asks who is there.
fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(http::docs::description())
        .merge(http::auth::router())
        .merge(http::sessions::router())
        .merge(http::tokens::router())
        .merge(http::credentials::router())
        .merge(http::projects::router())
        .merge(http::tasks::router())
        .merge(http::agents::router())
        .merge(http::questions::router())
        .merge(http::tools::router())
        .merge(http::events::router())
        .merge(http::runtime::router())
        .merge(http::audit::router())
        .merge(http::orphans::router())
        .merge(http::users::router())
}

/// The part that does not: it answers when the database does not.
fn open_api() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(http::health::router())
}

/// The description of the whole JSON API.
pub fn openapi() -> OpenApi {
    let mut description = api().merge(open_api()).into_openapi();
    http::docs::complete(&mut description);
    description
}
