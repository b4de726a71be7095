//! A real nginx between the browser and the server.

use std::time::Duration;

use futures::StreamExt as _;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::{
    FakeTtyd, TestApp, running_agent,
    viewer::{PATIENCE, Viewer},
};
use crate::support::nginx;

/// nginx hangs up after a minute of silence unless told. Here it does so a little after the time between two pings, so that a few of
/// them show as much as a day does.
const HANGS_UP_AFTER: Duration = Duration::from_secs(25);
/// Pings that must come through. The last one comes when nginx would have hung up twice.
const PINGS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_hangs_up_on_silence_does_not_cut_an_idle_terminal() {
    let app = TestApp::new().await;
    let (browser, agent) = running_agent(&app).await;
    let folder = tempfile::tempdir().unwrap();
    let (_nginx, address) = nginx(folder.path(), app.address, HANGS_UP_AFTER).await;
    let mut viewer = Viewer::connect(address, &browser, agent).await.unwrap();
    viewer.hello(80, 24).await;
    let mut ttyd = FakeTtyd::accept(&app).await;
    viewer.welcome().await;
    // Whoever reads answers pings, as ttyd does; without an answer the gateway would hang up.
    let typed = tokio::spawn(async move { ttyd.typed(10).await });
    viewer.idle(PINGS).await;
    viewer.input(0, b"still here").await;
    assert_eq!(typed.await.unwrap(), b"still here");
}

/// What the test before shows, it shows because nginx would cut the terminal.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_less_patient_than_pings_are_frequent_does_cut_it() {
    let app = TestApp::new().await;
    let (browser, agent) = running_agent(&app).await;
    let folder = tempfile::tempdir().unwrap();
    let (_nginx, address) = nginx(folder.path(), app.address, Duration::from_secs(4)).await;
    let mut viewer = Viewer::connect(address, &browser, agent).await.unwrap();
    viewer.hello(80, 24).await;
    let _ttyd = FakeTtyd::accept(&app).await;
    viewer.welcome().await;
    let cut = async {
        while let Some(Ok(message)) = viewer.socket.next().await {
            assert!(!matches!(message, Message::Ping(_)), "it waited for a ping");
        }
    };
    timeout(PATIENCE, cut).await.expect("nginx did not hang up");
}
