//! Raw bytes to a port of an agent: through the API server, or straight to the pod.

use std::{
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use domain::AgentId;
use k8s_openapi::api::core::v1::Pod;
use kube::api::Portforwarder;
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf},
    net::TcpStream,
    time::timeout,
};

use super::{
    client::{ANSWER_DEADLINE, Cluster, answer},
    config::DialMode,
    facts::holds,
    failure, names,
};
use crate::{Duplex, RuntimeError, TERMINAL_PORT};

/// How long a pod may take to accept a connection. It is in the same network.
const CONNECT_DEADLINE: Duration = Duration::from_secs(2);

impl Cluster {
    /// Opens bytes to the port.
    pub async fn dial(&self, id: AgentId, port: u16) -> Result<Box<dyn Duplex>, RuntimeError> {
        if port != TERMINAL_PORT {
            return Err(RuntimeError::NotFound);
        }
        let pod = answer("finding the agent's pod", self.api::<Pod>().get(&names::pod(id))).await?;
        if !self.is_ours(&pod, id) || !holds(&pod, "Ready") || pod.metadata.deletion_timestamp.is_some() {
            return Err(RuntimeError::NotFound);
        }
        let direct = match self.config.dial {
            DialMode::Auto => self.inside,
            DialMode::PodAddress => true,
            DialMode::PortForward => false,
        };
        let address = pod.status.and_then(|status| status.pod_ip).and_then(|address| address.parse::<IpAddr>().ok());
        if let Some(address) = address.filter(|_| direct) {
            match timeout(CONNECT_DEADLINE, TcpStream::connect((address, port))).await {
                Ok(Ok(stream)) => {
                    // Keys are small and must not wait for each other.
                    let _ = stream.set_nodelay(true);
                    return Ok(Box::new(stream));
                }
                Ok(Err(error)) => tracing::debug!(agent = %id, %error, "the pod's address does not answer"),
                Err(_) => tracing::debug!(agent = %id, "the pod's address does not answer in time"),
            }
        }
        self.forward(id, port).await
    }

    async fn forward(&self, id: AgentId, port: u16) -> Result<Box<dyn Duplex>, RuntimeError> {
        const WHAT: &str = "reaching the agent's terminal";
        let (pods, name) = (self.streaming::<Pod>(), names::pod(id));
        let mut forwarder = match timeout(ANSWER_DEADLINE, pods.portforward(&name, &[port])).await {
            Ok(forwarder) => forwarder.map_err(|error| failure::from_answer(WHAT, error))?,
            Err(_) => return Err(RuntimeError::Timeout(WHAT)),
        };
        let stream = forwarder.take_stream(port).ok_or(RuntimeError::NotFound)?;
        Ok(Box::new(Forwarded { stream, forwarder }))
    }
}

/// A stream through the API server. The task that carries it ends with it.
struct Forwarded {
    stream: DuplexStream,
    forwarder: Portforwarder,
}

impl Drop for Forwarded {
    fn drop(&mut self) {
        self.forwarder.abort();
    }
}

impl AsyncRead for Forwarded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Forwarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
