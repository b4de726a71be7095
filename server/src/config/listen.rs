//! Options: where the server listens and how people reach it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use clap::Args;
use url::Url;

use super::ConfigError;
use crate::state::Network;

/// Where the server listens and how people reach it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Listening")]
pub struct ListenOptions {
    /// Address and port of the dashboard and its API.
    #[arg(long, env = "AIWORKER_ADDR", global = true, value_name = "IP:PORT", default_value = "127.0.0.1:3000")]
    pub addr: SocketAddr,

    /// Address and port of /metrics, /livez and /readyz, such as 127.0.0.1:9090. Keep it private.
    #[arg(long, env = "AIWORKER_ADMIN_ADDR", global = true, value_name = "IP:PORT|off", default_value = "off")]
    pub admin_addr: OptionalAddr,

    /// The address people type.
    #[arg(
        long,
        env = "AIWORKER_PUBLIC_URL",
        global = true,
        value_name = "URL",
        help = "The address people type, such as https://agents.example.com. With https, cookies are bound to it. \
                [default: http:// and --addr]"
    )]
    pub public_url: Option<String>,

    /// Proxies whose X-Forwarded-For is believed: addresses or ranges, separated by commas. [default: none]
    #[arg(long, env = "AIWORKER_TRUSTED_PROXIES", global = true, value_name = "NETWORKS", value_delimiter = ',')]
    pub trusted_proxies: Vec<String>,

    /// Folder of the dashboard's files. [default: site beside the program, ../share/aiworker/site, or target/site]
    #[arg(long, env = "AIWORKER_SITE_ROOT", global = true, value_name = "FOLDER")]
    pub site_root: Option<PathBuf>,

    /// Largest request body, in KiB.
    #[arg(long, env = "AIWORKER_BODY_LIMIT_KIB", global = true, value_name = "KIB", default_value_t = 1024,
        value_parser = clap::value_parser!(u32).range(16..=65_536))]
    pub body_limit_kib: u32,

    /// How long a request may take before its answer begins, in seconds.
    #[arg(long, env = "AIWORKER_REQUEST_TIMEOUT_SECONDS", global = true, value_name = "SECONDS", default_value_t = 30,
        value_parser = clap::value_parser!(u32).range(1..=600))]
    pub request_timeout_seconds: u32,
}

/// An address to listen on, or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionalAddr(pub Option<SocketAddr>);

impl FromStr for OptionalAddr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" | "off" => Ok(Self(None)),
            address => address
                .parse()
                .map(|address| Self(Some(address)))
                .map_err(|_| "use an address and a port, such as 127.0.0.1:9090, or off".to_owned()),
        }
    }
}

impl ListenOptions {
    /// The address people type, when it was given.
    pub fn public_url(&self) -> Result<Option<Url>, ConfigError> {
        let Some(text) = self.public_url.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
        let refuse = || ConfigError::PublicUrl(text.to_owned());
        let url = Url::parse(text).map_err(|_| refuse())?;
        let plain = matches!(url.scheme(), "http" | "https") && url.host().is_some() && url.path() == "/";
        let plain = plain && url.query().is_none() && url.username().is_empty() && url.password().is_none();
        if plain { Ok(Some(url)) } else { Err(refuse()) }
    }

    /// The address at which the server is reached when it listens on `actual`, without a slash at the end.
    pub fn address_for_people(&self, actual: SocketAddr) -> String {
        match &self.public_url {
            Some(url) if !url.is_empty() => url.trim_end_matches('/').to_owned(),
            _ => format!("http://{actual}"),
        }
    }

    /// The names and addresses by which agents may address this server: the public one, the one listened on, loopback.
    pub fn hosts(&self) -> Result<Vec<String>, ConfigError> {
        let public = self.public_url()?.and_then(|url| url.host_str().map(str::to_owned));
        let loopback = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        Ok(public.into_iter().chain([self.addr.ip().to_string()]).chain(loopback).collect())
    }

    /// The proxies that are believed.
    pub fn trusted_proxies(&self) -> Result<Vec<Network>, ConfigError> {
        let given = self.trusted_proxies.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
        given.map(|text| text.parse().map_err(ConfigError::TrustedProxies)).collect()
    }

    /// How long a request may take before its answer begins.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds.into())
    }

    /// The folder of the dashboard's files: the one that was named, or the first usual place that exists.
    pub fn site_root(&self) -> PathBuf {
        let told = self.site_root.clone().or_else(|| std::env::var_os("LEPTOS_SITE_ROOT").map(PathBuf::from));
        told.unwrap_or_else(|| {
            let program = std::env::current_exe().unwrap_or_default();
            let beside = program.parent().unwrap_or(Path::new("."));
            let usual = [beside.join("site"), beside.join("../share/aiworker/site"), beside.join("../site")];
            usual.into_iter().find(|folder| folder.is_dir()).unwrap_or_else(|| PathBuf::from("target/site"))
        })
    }
}
