//! A line to a database server that can be pulled out and put back in.

use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// The line.
pub struct Cable {
    /// Where it begins.
    pub address: SocketAddr,
    plugged: watch::Sender<bool>,
}

impl Cable {
    /// A line to the server at `target`, plugged in.
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let cable = Self { address: listener.local_addr().unwrap(), plugged: watch::Sender::new(true) };
        let mut plugged = cable.plugged.subscribe();
        tokio::spawn(async move {
            loop {
                // The test is over when the cable is gone.
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    gone = plugged.wait_for(|_| false) => return drop(gone),
                };
                let Ok((near, _)) = accepted else { return };
                tokio::spawn(carry(near, target, plugged.clone()));
            }
        });
        cable
    }

    /// Pulls it out: every connection breaks and new ones are hung up on.
    pub fn pull(&self) {
        self.plugged.send_replace(false);
    }

    /// Puts it back in.
    pub fn plug(&self) {
        self.plugged.send_replace(true);
    }
}

async fn carry(mut near: TcpStream, target: SocketAddr, mut plugged: watch::Receiver<bool>) {
    if !*plugged.borrow_and_update() {
        return;
    }
    let Ok(mut far) = TcpStream::connect(target).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => {}
        pulled = plugged.wait_for(|plugged| !plugged) => drop(pulled),
    }
}
