//! What every request handler may reach. Made once by `startup`, shared by all requests.

use std::{net::IpAddr, ops::Deref, path::PathBuf, sync::Arc, time::Duration};

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use services::Services;
use store::Store;
use url::Url;

use crate::{lifecycle::Lifecycle, metrics::Metrics, terminal::Limits};

/// What every request handler may reach. Every layer around a request holds it, some of them more than once, and a request may
/// wait for a minute: so it is no more than a pointer.
#[derive(Clone)]
pub struct AppState(Arc<AppParts>);

/// What [`AppState`] leads to.
pub struct AppParts {
    /// The use cases. Every front door calls these and nothing below them.
    pub services: Services,
    /// The database, for health and metrics only.
    pub store: Store,
    /// Where the pages' files are and what they are called.
    pub leptos_options: LeptosOptions,
    /// How HTTP behaves here.
    pub http: Arc<HttpSettings>,
    /// What is counted.
    pub metrics: Metrics,
    /// When to stop, and who must be waited for.
    pub lifecycle: Lifecycle,
}

impl Deref for AppState {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0
    }
}

impl From<AppParts> for AppState {
    fn from(parts: AppParts) -> Self {
        Self(Arc::new(parts))
    }
}

/// How HTTP behaves here.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The address people type, when it is not the one the server listens on.
    pub public_url: Option<Url>,
    /// The names and addresses by which agents may address this server.
    pub hosts: Vec<String>,
    /// The proxies whose `X-Forwarded-…` headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// The folder of the pages' files (`pkg`, `assets`).
    pub site_root: PathBuf,
    /// Largest request body, in bytes.
    pub body_limit: usize,
    /// How long a handler may take before it begins to answer.
    pub request_timeout: Duration,
    /// Begins every request id of this process, so that ids of two processes differ.
    pub request_id_prefix: u32,
    /// How many terminals may be open.
    pub terminals: Limits,
}

impl HttpSettings {
    /// Whether people reach this server over HTTPS.
    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }
}

impl HttpSettings {
    /// The origin of our own pages, with its port, when people's address for us is known.
    pub fn origin(&self) -> Option<String> {
        let url = self.public_url.as_ref()?;
        Some(format!("{}://{}:{}", url.scheme(), url.host_str()?, url.port_or_known_default()?))
    }
}

/// An address, or a range of addresses in CIDR form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether `address` lies in this range.
    pub fn contains(&self, address: IpAddr) -> bool {
        let bits = |ip: IpAddr| match ip {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
            IpAddr::V6(v6) => (v6.to_bits(), 128),
        };
        let ((own, own_width), (other, other_width)) = (bits(self.address), bits(address.to_canonical()));
        let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
        own_width == other_width && own & mask == other & mask
    }
}

impl std::str::FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let complaint = || format!("{text:?} is not an address or a range such as 10.0.0.0/8");
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.trim().parse().map_err(|_| complaint())?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(widest), |p| p.trim().parse().map_err(|_| complaint()))?;
        if prefix <= widest { Ok(Self { address, prefix }) } else { Err(complaint()) }
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos_options.clone()
    }
}

impl FromRef<AppState> for Services {
    fn from_ref(state: &AppState) -> Self {
        state.services.clone()
    }
}

impl FromRef<AppState> for Metrics {
    fn from_ref(state: &AppState) -> Self {
        state.metrics.clone()
    }
}

impl FromRef<AppState> for Lifecycle {
    fn from_ref(state: &AppState) -> Self {
        state.lifecycle.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_their_addresses_only() {
        let contains =
            |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
        assert!(contains("10.0.0.0/8", "10.1.2.3"));
        assert!(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(!contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("0.0.0.0/0", "8.8.8.8"));
        assert!(!contains("0.0.0.0/0", "::1"));
        assert!(contains("::1", "::1"));
        assert!(contains("fd00::/8", "fd12::1"));
        for bad in ["", "x", "10.0.0.0/33", "10.0.0.0/-1", "::/129"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
