//! How MCP travels here: without sessions, as plain JSON, and only to clients that mean this server.

use rmcp::transport::StreamableHttpServerConfig;
use tokio_util::sync::CancellationToken;

/// Pages of this machine, with any port.
const LOOPBACK_ORIGINS: [&str; 3] = ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"];

/// The names by which clients may address this server.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Names and addresses in the `Host` header, with any port.
    pub hosts: Vec<String>,
    /// The one origin whose pages may send requests, such as `https://agents.example.com:443`. Without it, this machine's.
    pub origin: Option<String>,
}

/// The transport's configuration. Whatever runs on this stack uses exactly this one.
pub fn configuration(reach: &Reach, body_limit: usize, stop: CancellationToken) -> StreamableHttpServerConfig {
    let origins = reach.origin.as_deref().map_or_else(|| LOOPBACK_ORIGINS.to_vec(), |origin| vec![origin]);
    StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_allowed_hosts(&reach.hosts)
        .with_allowed_origins(origins)
        .enforce_origin_validation()
        .with_max_request_body_bytes(body_limit)
        .with_cancellation_token(stop)
}
