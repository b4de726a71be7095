//! The pages and the server functions of `app`, and what they find in their context.

use axum::{
    Router,
    body::Body,
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse as _, Response},
};
use domain::ErrorCode;
use futures::future::BoxFuture;
use http::{HeaderValue, StatusCode, header};
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{AxumRouteListing, LeptosRoutes, ResponseOptions, generate_route_list};

use self::strand::{Broken, Strand};
use crate::{AppState, http::Problem, middleware::security_headers::page_policy};

pub mod strand;

/// Every page and every server function.
pub fn router(state: &AppState) -> Router<AppState> {
    let options = state.leptos_options.clone();
    Router::new()
        .leptos_routes_with_context(state, routes(), context_of(state), move || app::shell(options.clone()))
        .layer(from_fn(on_a_strand))
}

/// Renders a page, or answers a server function, on a strand of its own.
async fn on_a_strand(request: Request, next: Next) -> Response {
    rendered(next.run(request)).await
}

/// A page to its last byte.
async fn rendered(page: impl Future<Output = Response>) -> Response {
    let strand = Strand::default();
    let answer = strand.run(page).await;
    answer.map_or_else(|Broken| cannot_be_made(), |response| response.map(|body| Body::new(strand.hold_body(body))))
}

fn cannot_be_made() -> Response {
    let message = "The page could not be made. This is a fault of the server; its log says where.";
    Problem::new(ErrorCode::Internal, message).into_response()
}

/// The pages' addresses, as `app` lists them.
pub fn routes() -> Vec<AxumRouteListing> {
    strand::install();
    generate_route_list(app::App)
}

/// What answers when nothing else does: the page that says so, with 404.
pub fn fallback(state: &AppState) -> impl Fn(Request) -> BoxFuture<'static, Response> + Clone + Send + Sync + 'static {
    let options = state.leptos_options.clone();
    let render = leptos_axum::render_app_async_with_context(context_of(state), move || app::shell(options.clone()));
    move |request: Request<Body>| {
        let rendering = render(request);
        Box::pin(async move {
            let mut response = rendered(rendering).await;
            if response.status() == StatusCode::OK {
                *response.status_mut() = StatusCode::NOT_FOUND;
            }
            response
        })
    }
}

/// Gives pages and server functions the services, and pages their content security policy.
fn context_of(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let services = state.services.clone();
    let reload = reload_socket(state);
    move || {
        provide_context(services.clone());
        let (Some(nonce), Some(response)) = (leptos::nonce::use_nonce(), use_context::<ResponseOptions>()) else {
            return; // A server function: no page, no scripts.
        };
        if let Ok(policy) = HeaderValue::try_from(page_policy(&nonce, reload.as_deref())) {
            response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
}

/// Where `cargo leptos watch` tells pages to reload, while it runs.
fn reload_socket(state: &AppState) -> Option<String> {
    let options = &state.leptos_options;
    std::env::var_os("LEPTOS_WATCH")?;
    Some(format!("ws://*:{0} wss://*:{0}", options.reload_external_port.unwrap_or(options.reload_port)))
}
