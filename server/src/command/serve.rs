//! `aiworker serve`: the server from its first to its last moment.

use std::process::ExitCode;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::print;
use crate::{
    admin_listener, build_router,
    config::Config,
    lifecycle::Lifecycle,
    listener,
    startup::{self, StartError},
};

/// Runs the server until a signal ends it.
pub async fn run(config: &Config) -> Result<ExitCode, StartError> {
    // Before anything else, so that a port in use leaves everything as it was.
    let public = listener::bind(config.listen.addr, "--addr").await?;
    let private = match config.listen.admin_addr.0 {
        Some(address) => Some(listener::bind(address, "--admin-addr").await?),
        None => None,
    };
    let state = startup::open(config).await?;
    let lifecycle = state.lifecycle.clone();
    lifecycle.stop_on_signals()?;
    let reconciler = state.services.reconciler();
    lifecycle.spawn({
        let soft = lifecycle.soft().clone();
        async move { reconciler.run(soft).await }
    });
    let runtime_watch = state.services.runtime_watch();
    lifecycle.spawn({
        let soft = lifecycle.soft().clone();
        async move { runtime_watch.run(soft).await }
    });
    // Requests that are under way change things too, so it ends after them.
    let all_done = CancellationToken::new();
    let neighbours = tokio::spawn({
        let (neighbours, all_done) = (state.services.neighbours(), all_done.clone());
        async move { neighbours.run(all_done).await }
    });
    let private_address = private.as_ref().map(TcpListener::local_addr).transpose()?;
    // It must answer while the other one drains, so it has a life of its own.
    let watched = private.map(|socket| {
        tokio::spawn(listener::serve(socket, admin_listener::router(state.clone()), Lifecycle::default()))
    });
    warn_of_surprises(config, &state);
    let address = config.listen.address_for_people(public.local_addr()?);
    print(&format!("AiWorker is ready at {address}\n"))?;
    if let Some(address) = private_address {
        print(&format!("Its metrics are at http://{address}/metrics\n"))?;
    }
    listener::serve(public, build_router(state), lifecycle.clone()).await;
    if !lifecycle.drain().await {
        tracing::warn!("some connections were cut off");
    }
    all_done.cancel();
    if let Err(error) = neighbours.await {
        tracing::error!(error = &error as &dyn std::error::Error, "what tells the other servers has failed");
    }
    if let Some(task) = watched {
        task.abort();
    }
    Ok(ExitCode::SUCCESS)
}

/// What an operator should know at once; `aiworker doctor` says more.
fn warn_of_surprises(config: &Config, state: &crate::AppState) {
    if !state.http.site_root.is_dir() {
        let folder = state.http.site_root.display();
        tracing::warn!(%folder, "the dashboard's files are missing, so its pages have no style; build them or set --site-root");
    }
    if !config.listen.addr.ip().is_loopback() && !state.http.is_https() {
        tracing::warn!("listening beyond this host without HTTPS: put a TLS proxy in front and set --public-url");
    }
}
