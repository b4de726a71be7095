//! `/api/events`: what changes, as server-sent events. A client that comes back with `Last-Event-ID` gets what it
//! missed, or `resync` when that is no longer known.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use domain::LiveEvent;
use futures::{Stream, StreamExt};
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Failures, Reply,
    extract::{Query, SignedIn},
};
use crate::{AppState, middleware::authenticate::Proof};

/// How often a silent stream says that it lives, so that proxies do not cut it.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a browser waits before it connects again.
const RETRY: Duration = Duration::from_secs(1);

/// The routes of live events.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(events))
}

/// Where to begin.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// The same as the header, for a browser's first connection, which cannot send one. The header wins.
    #[serde(default)]
    last_event_id: Option<String>,
}

/// What happens to the caller's agents and tasks, as it happens.
///
/// The `event:` line names the kind, `data:` holds the JSON below, `id:` is what to send as `Last-Event-ID` to resume.
#[utoipa::path(get, path = "/api/events", tag = "Events", operation_id = "stream_events",
    params(("Last-Event-ID" = Option<String>, Header, description = "The last `id` that was seen."), EventsQuery),
    responses((status = 200, body = LiveEvent, content_type = "text/event-stream"), Failures))]
async fn events(
    SignedIn(caller): SignedIn,
    State(state): State<AppState>,
    headers: HeaderMap,
    Query(query): Query<EventsQuery>,
) -> Reply<Response> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let live = state.services.live().subscribe(&caller, last.or(query.last_event_id.as_deref()))?;
    let open = (state.metrics.event_stream_opened(), state.lifecycle.track());
    // What ended the session or the token may have happened on another server.
    let (proof, recheck_every) =
        (Proof::new(state.services.clone(), caller, &headers), state.http.terminals.recheck_every);
    let signed_out = async move { proof.fails(recheck_every).await };
    let live = as_sse(live).take_until(Box::pin(signed_out));
    let stream = live.take_until(state.lifecycle.soft().clone().cancelled_owned()).map(move |event| {
        let _open = &open;
        Ok::<_, Infallible>(event)
    });
    let mut response = Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    // nginx would collect the stream into buffers first.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The events in the form of the protocol, after a first line that sets the browser's waiting time.
fn as_sse(live: impl Stream<Item = (String, LiveEvent)> + Send) -> impl Stream<Item = Event> + Send {
    let hello = futures::stream::once(async { Event::default().retry(RETRY).comment("connected") });
    hello.chain(live.filter_map(async |(id, event)| {
        let name = event.name();
        Event::default().id(id).event(name).json_data(&event).ok()
    }))
}
