//! The description of the JSON API: `/api/openapi.json` for programs and `/api/docs` for people, both made from the
//! handlers.

use std::sync::Arc;

use axum::{Json, Router, extract::State, response::Html, routing::get};
use http::{HeaderValue, header};
use utoipa::{
    OpenApi as _,
    openapi::{
        OpenApi, RefOr,
        path::Operation,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::problem;
use crate::{AppState, static_files};

mod page;
mod schema;

/// What a browser may load for the page: styles, nothing else.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                           font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "AiWorker",
        description = "Everything the dashboard can do, for programs. Sign in with a session cookie or with \
            `Authorization: Bearer <personal token>`. Every answer is `{\"success\":true,\"data\":…}` or \
            `{\"success\":false,\"code\":\"…\",\"message\":\"…\"}`.",
        license(name = "MIT OR Apache-2.0"),
    ),
    security(("session" = []), ("token" = [])),
    tags(
        (name = "Account", description = "Your account and the browsers that are signed in to it."),
        (name = "Tokens", description = "Personal tokens: what programs sign in with."),
        (name = "Projects", description = "What tasks and agents belong to."),
        (name = "Tasks", description = "Pieces of work, on the way from the backlog to done."),
        (name = "Agents", description = "Coding agents: what is wanted of them and what was observed."),
        (name = "Questions", description = "What agents ask, and the tools that they call."),
        (name = "Events", description = "What changes, as it changes."),
        (name = "Installation", description = "This server itself."),
    ),
)]
struct Description;

/// The description without any operation yet.
pub fn description() -> OpenApi {
    Description::openapi()
}

/// Adds what every operation refers to.
pub fn complete(description: &mut OpenApi) {
    description.info.version = env!("CARGO_PKG_VERSION").to_owned();
    let components = description.components.get_or_insert_default();
    components.schemas.extend(problem::failure_schemas());
    let session = ApiKeyValue::with_description("session", "Set by signing in; `__Host-session` over HTTPS.");
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A personal token.")).build();
    components.security_schemes.insert("session".into(), SecurityScheme::ApiKey(ApiKey::Cookie(session)).into());
    components.security_schemes.insert("token".into(), SecurityScheme::Http(token).into());
    for item in description.paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten() {
            describe_successes(operation);
        }
    }
}

/// OpenAPI wants a description of every response; of ours, the operation itself says it all.
fn describe_successes(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            let phrase = match status.as_str() {
                "201" => "Made.",
                "202" => "Noted, and being carried out.",
                _ => "Done.",
            };
            response.description = phrase.to_owned();
        }
    }
}

/// The two addresses. Both are public: they hold nothing about this installation.
pub fn router(description: OpenApi) -> Router<AppState> {
    let description = Arc::new(description);
    let document = description.clone();
    Router::new()
        .route("/api/openapi.json", get(async move || Json(Arc::clone(&document))))
        .route("/api/docs", get(async move |State(state): State<AppState>| human_page(&state, &description)))
}

fn human_page(state: &AppState, description: &OpenApi) -> ([(header::HeaderName, HeaderValue); 1], Html<String>) {
    let style = static_files::style_sheet(&state.http.site_root, &state.leptos_options.site_pkg_dir);
    let document = serde_json::to_value(description).unwrap_or_default();
    let policy = (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    ([policy], Html(page::render(&document, style.as_deref())))
}
