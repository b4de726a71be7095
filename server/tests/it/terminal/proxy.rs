//! A real nginx between the browser and the server, as most installations have one.

use std::{net::SocketAddr, path::Path, process::Stdio};

use futures::StreamExt as _;
use tokio::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    time::timeout,
};
use tokio_tungstenite::tungstenite::Message;

use super::{FakeTtyd, TestApp, running_agent, viewer::Viewer};
use crate::support::eventually;

/// nginx hangs up after a minute of silence unless told. Here it does so a little after the time between two pings, so that a few of
/// them show as much as a day does.
const HANGS_UP_AFTER: &str = "25s";
/// Pings that must come through. The last one comes when nginx would have hung up twice.
const PINGS: usize = 3;

/// Starts nginx in front of the server, in the foreground and without a thing outside of its folder.
async fn nginx(folder: &Path, server: SocketAddr) -> (Child, SocketAddr) {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let here = folder.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {here}/{name};"))
        .concat();
    let config = format!(
        "daemon off; master_process off; pid {here}/pid; error_log stderr warn; events {{}}
        http {{ access_log off; {temporary}
            map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
            server {{ listen {address};
                location / {{ proxy_pass http://{server}; proxy_http_version 1.1; proxy_read_timeout {HANGS_UP_AFTER};
                    proxy_send_timeout {HANGS_UP_AFTER}; proxy_set_header Host $http_host;
                    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; }} }} }}"
    );
    let file = folder.join("nginx.conf");
    std::fs::write(&file, config).unwrap();
    let program = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"].into_iter().find(|path| Path::new(path).exists());
    let mut command = Command::new(program.unwrap_or("nginx"));
    command.arg("-p").arg(folder).arg("-c").arg(&file).stdin(Stdio::null()).kill_on_drop(true);
    let child = command.spawn().expect("there is no nginx: run `make setup`");
    eventually("nginx listens", async || TcpStream::connect(address).await.is_ok()).await;
    (child, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_hangs_up_on_silence_does_not_cut_an_idle_terminal() {
    let app = TestApp::new().await;
    let (browser, agent) = running_agent(&app).await;
    let folder = tempfile::tempdir().unwrap();
    let (_nginx, address) = nginx(folder.path(), app.address).await;
    let mut viewer = Viewer::connect(address, &browser, agent).await.unwrap();
    viewer.hello(80, 24).await;
    let mut ttyd = FakeTtyd::accept(&app).await;
    viewer.welcome().await;
    // Whoever reads answers pings, as ttyd does; without an answer the gateway would hang up.
    let typed = tokio::spawn(async move { ttyd.typed(10).await });

    let mut pings = 0;
    while pings < PINGS {
        let message = timeout(2 * server::terminal::limits::PING_EVERY, viewer.socket.next()).await;
        match message.expect("no ping came").expect("nginx hung up").unwrap() {
            Message::Ping(_) => pings += 1,
            Message::Binary(_) => {}
            other => panic!("{other:?}"),
        }
    }
    viewer.input(0, b"still here").await;
    assert_eq!(typed.await.unwrap(), b"still here");
}
