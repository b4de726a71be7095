//! A real nginx in front of a server, as most installations have one.

use std::{net::SocketAddr, path::Path, process::Stdio, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    time::{interval, timeout},
};

/// How long it may take to listen.
const START_DEADLINE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Starts nginx in front of the server, in the foreground and without a thing outside of its folder.
/// It hangs up on whoever is silent for so long; an installed one does after a minute unless told.
pub async fn nginx(folder: &Path, server: SocketAddr, hangs_up_after: Duration) -> (Child, SocketAddr) {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let here = folder.display();
    let patience = format!("{}s", hangs_up_after.as_secs());
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {here}/{name};"))
        .concat();
    let config = format!(
        "daemon off; master_process off; pid {here}/pid; error_log stderr warn; events {{}}
        http {{ access_log off; {temporary}
            map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
            server {{ listen {address};
                location / {{ proxy_pass http://{server}; proxy_http_version 1.1; proxy_read_timeout {patience};
                    proxy_send_timeout {patience}; proxy_set_header Host $http_host;
                    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; }} }} }}"
    );
    let file = folder.join("nginx.conf");
    std::fs::write(&file, config).unwrap();
    let program = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"].into_iter().find(|path| Path::new(path).exists());
    let mut command = Command::new(program.unwrap_or("nginx"));
    command.arg("-p").arg(folder).arg("-c").arg(&file).stdin(Stdio::null()).kill_on_drop(true);
    let child = command.spawn().expect("there is no nginx: run `make setup`");
    let mut look = interval(LOOK_EVERY);
    let listens = async {
        while TcpStream::connect(address).await.is_err() {
            look.tick().await;
        }
    };
    timeout(START_DEADLINE, listens).await.expect("nginx does not listen");
    (child, address)
}
