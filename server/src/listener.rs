//! Accepts connections and serves a router on them until the server drains.
//!
//! `axum::serve` has no deadline for request heads and does not say when a connection ended; a terminal also wants
//! small packets sent at once.

use std::{convert::Infallible, io, net::SocketAddr, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::lifecycle::Lifecycle;

/// How long a client may take to send the head of a request. It also ends connections that stay silent between two.
const HEAD_DEADLINE: Duration = Duration::from_secs(60);
/// Pause after the system refused to accept, usually because the process has no file handles left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else does.
    #[error("{0} is already in use. Stop the program that uses it, or choose another address with {1}.")]
    InUse(SocketAddr, &'static str),
    /// The system does not allow it.
    #[error("this user may not listen on {0}. Choose a port above 1023 with {1}.")]
    NotAllowed(SocketAddr, &'static str),
    /// This host does not have it.
    #[error("{0} is not an address of this host. Choose 127.0.0.1 or 0.0.0.0 with {1}.")]
    NotHere(SocketAddr, &'static str),
    /// Anything else.
    #[error("cannot listen on {0}: {2}. Choose another address with {1}.")]
    Other(SocketAddr, &'static str, io::Error),
}

/// Begins to listen. `option` is the one that chose the address.
pub async fn bind(address: SocketAddr, option: &'static str) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse(address, option),
        io::ErrorKind::PermissionDenied => BindError::NotAllowed(address, option),
        io::ErrorKind::AddrNotAvailable => BindError::NotHere(address, option),
        _ => BindError::Other(address, option, error),
    })
}

/// Serves until the server drains. Open connections are tracked and end after the answer they are at.
pub async fn serve(listener: TcpListener, router: Router, lifecycle: Lifecycle) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = lifecycle.soft().cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                lifecycle.spawn(serve_connection(stream, peer, router.clone(), lifecycle.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve_connection(stream: TcpStream, peer: SocketAddr, router: Router, lifecycle: Lifecycle) {
    // A keystroke and its echo are single small packets; waiting to fill them is felt.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot turn off packet collection");
    }
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = router.clone();
        async move { Ok::<_, Infallible>(router.oneshot(request).await.unwrap_or_else(|never| match never {})) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_DEADLINE)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let outcome = tokio::select! {
        outcome = &mut connection => outcome,
        () = lifecycle.soft().cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! { outcome = &mut connection => outcome, () = lifecycle.hard().cancelled() => return }
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection ended early");
    }
}
