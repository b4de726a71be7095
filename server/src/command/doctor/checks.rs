//! The checks, in the order in which they matter.

use std::{error::Error, net::SocketAddr, time::Duration};

use runtime::{
    kubernetes,
    process::{self, Check, Outcome},
};
use store::{SchemaState, Store};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{Finding, host};
use crate::{
    config::{Config, RuntimeName},
    startup,
};

/// How long any one check may take.
const CHECK_DEADLINE: Duration = Duration::from_secs(10);

/// Looks at everything.
pub async fn all(config: &Config) -> Vec<Finding> {
    let mut findings = vec![data_folder(config)];
    findings.extend(within("database", database(config)).await);
    findings.push(signing_key(config));
    findings.extend(match config.agents.runtime {
        RuntimeName::Process => programs(config).await,
        RuntimeName::Kubernetes => within("cluster", cluster(config)).await,
    });
    findings.extend(within("port", async { vec![port("port", "--addr", config.listen.addr, HEALTH).await] }).await);
    if let Some(address) = config.listen.admin_addr.0 {
        findings.push(port("admin port", "--admin-addr", address, METRICS).await);
    }
    findings.push(site(config));
    findings.push(public_url(config));
    findings
}

async fn within(name: &'static str, check: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    let late = || vec![Finding::fail(name, format!("No answer within {} s.", CHECK_DEADLINE.as_secs()))];
    tokio::time::timeout(CHECK_DEADLINE, check).await.unwrap_or_else(|_| late())
}

fn data_folder(config: &Config) -> Finding {
    const NAME: &str = "data folder";
    let folder = match config.storage.data() {
        Ok(folder) => folder,
        Err(error) => return Finding::fail(NAME, sentence(&error)),
    };
    match startup::prepare_data_folder(&folder) {
        Ok(()) => host::free_space(NAME, &folder),
        Err(error) => Finding::fail(NAME, sentence(&error)),
    }
}

async fn database(config: &Config) -> Vec<Finding> {
    const NAME: &str = "database";
    let store = match connect(config).await {
        Ok(store) => store,
        Err(error) => return vec![Finding::fail(NAME, sentence(&*error))],
    };
    let backend = store.backend().as_str();
    vec![match store.schema_state().await {
        Ok(SchemaState::Current) => Finding::ok(NAME, format!("{backend}, up to date")),
        Ok(SchemaState::Behind { pending }) if config.storage.no_migrate => {
            Finding::fail(NAME, format!("{backend}; missing migrations: {}. Run `aiworker migrate`.", pending.len()))
        }
        Ok(SchemaState::Behind { pending }) => {
            Finding::ok(NAME, format!("{backend}; migrations to apply at the next start: {}", pending.len()))
        }
        Ok(SchemaState::Newer { .. }) => Finding::fail(
            NAME,
            "The database belongs to a newer version. Run that version, or restore a backup of before the update.",
        ),
        Err(error) => Finding::fail(NAME, sentence(&error)),
    }]
}

async fn connect(config: &Config) -> Result<Store, Box<dyn Error>> {
    Ok(Store::connect(&config.storage.store()?).await?)
}

fn signing_key(config: &Config) -> Finding {
    const NAME: &str = "key";
    match config.storage.signing_key().map(|path| (startup::check_signing_key(&path), path)) {
        Ok((Ok(true), path)) => Finding::ok(NAME, path.display().to_string()),
        Ok((Ok(false), path)) => Finding::ok(NAME, format!("{} will be made at the first start", path.display())),
        Ok((Err(error), _)) => Finding::fail(NAME, sentence(&error)),
        Err(error) => Finding::fail(NAME, sentence(&error)),
    }
}

/// What the process runtime says of its programs, its sandbox and its limits.
async fn programs(config: &Config) -> Vec<Finding> {
    let Ok(data) = config.storage.data() else { return Vec::new() };
    let runtime = config.agents.process(data);
    let checks = tokio::task::spawn_blocking(move || process::preflight(&runtime)).await.unwrap_or_default();
    checks.into_iter().map(finding).collect()
}

/// What the cluster says of itself, of what agents need there, and of what we may do.
async fn cluster(config: &Config) -> Vec<Finding> {
    kubernetes::preflight(config.kubernetes.kubernetes(config.agents.start_timeout()))
        .await
        .into_iter()
        .map(finding)
        .collect()
}

fn finding(check: Check) -> Finding {
    match check.outcome {
        Outcome::Good(detail) => Finding::ok(check.name, detail),
        Outcome::Weaker(detail) => Finding::warn(check.name, detail),
        Outcome::Broken(detail) => Finding::fail(check.name, detail),
    }
}

/// How much of an answer is looked at, in bytes.
const ANSWER_MAX: u64 = 256 * 1024;
/// A path, and what only this program answers there.
type Mark = (&'static str, &'static str);
const HEALTH: Mark = ("/api/health", r#"{"success":true,"data":{"status":"ok""#);
const METRICS: Mark = ("/metrics", "aiworker_event_streams");

async fn port(name: &'static str, option: &'static str, address: SocketAddr, mark: Mark) -> Finding {
    match TcpListener::bind(address).await {
        Ok(_) => Finding::ok(name, format!("{address} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            if is_us(address, mark).await {
                Finding::ok(name, format!("AiWorker already answers at {address}"))
            } else {
                let what = format!("{address} is used by another program. Stop it, or choose another with {option}.");
                Finding::fail(name, what)
            }
        }
        Err(error) => {
            Finding::fail(name, format!("Cannot listen on {address}: {error}. Choose another with {option}."))
        }
    }
}

/// Whether what answers there is this program.
async fn is_us(address: SocketAddr, (path, mark): Mark) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        stream.take(ANSWER_MAX).read_to_end(&mut answer).await.ok()?;
        Some(String::from_utf8_lossy(&answer).contains(mark))
    };
    tokio::time::timeout(CHECK_DEADLINE, ask).await.ok().flatten().unwrap_or(false)
}

fn site(config: &Config) -> Finding {
    const NAME: &str = "dashboard files";
    let folder = config.listen.site_root();
    let style = crate::static_files::style_sheet(&folder, "pkg");
    match (folder.is_dir(), style) {
        (true, Some(_)) => Finding::ok(NAME, folder.display().to_string()),
        (true, None) => Finding::warn(NAME, format!("{} has no style sheet. Build with `make run`.", folder.display())),
        (false, _) => Finding::warn(
            NAME,
            format!("{} is missing: pages have no style. Build with `make run`, or set --site-root.", folder.display()),
        ),
    }
}

fn public_url(config: &Config) -> Finding {
    const NAME: &str = "public address";
    let public = match config.listen.public_url() {
        Ok(public) => public,
        Err(error) => return Finding::fail(NAME, sentence(&error)),
    };
    if let Err(error) = config.listen.trusted_proxies() {
        return Finding::fail(NAME, sentence(&error));
    }
    let here_only = config.listen.addr.ip().is_loopback();
    match public {
        Some(url) if url.scheme() == "https" && config.listen.trusted_proxies.is_empty() => Finding::warn(
            NAME,
            format!(
                "{url} is served by a proxy: name it in --trusted-proxies, or all sign-ins share one address's limit."
            ),
        ),
        Some(url) if url.scheme() == "https" => Finding::ok(NAME, format!("{url}, cookies are bound to HTTPS")),
        Some(url) if !is_loopback(&url) => Finding::warn(
            NAME,
            format!(
                "{url} is not HTTPS: passwords and terminals cross the network readably. Put a TLS proxy in front."
            ),
        ),
        None if !here_only => Finding::warn(
            NAME,
            "Listening beyond this host without HTTPS. Put a TLS proxy in front and set --public-url to its address.",
        ),
        _ => Finding::ok(NAME, format!("{}, this host only", config.listen.address_for_people(config.listen.addr))),
    }
}

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The error as a sentence: with its cause, a capital and a full stop.
fn sentence(error: &dyn Error) -> String {
    let mut text = error.to_string();
    if let Some(cause) = error.source().map(ToString::to_string).filter(|cause| !text.contains(cause)) {
        text = format!("{} ({cause})", text.trim_end_matches('.'));
    }
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let text = first + letters.as_str();
    if text.ends_with('.') { text } else { text + "." }
}
