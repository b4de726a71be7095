//! From options to a running state. The only place that chooses the database and the runtime.

use std::{path::PathBuf, sync::Arc, time::Duration};

use domain::RuntimeStatus;
use leptos::config::{LeptosOptions, get_configuration};
use runtime::{AgentRuntime, RuntimeError, kubernetes::KubernetesRuntime, process::ProcessRuntime};
use secrecy::ExposeSecret as _;
use services::{Clock, Entropy, Parts, Services, SessionCookie, Settings, SystemClock, SystemEntropy};
use store::{SchemaState, Store, StoreError};
use url::Url;

use crate::{
    AppParts, AppState,
    config::{Config, ConfigError, RuntimeName},
    lifecycle::Lifecycle,
    listener::BindError,
    metrics::Metrics,
    state::HttpSettings,
    telemetry::FilterError,
    terminal::HistoryReader,
};

mod credential_keys;
mod data_folder;
mod signing_key;

pub use data_folder::{FolderError, prepare as prepare_data_folder};
pub use signing_key::{KeyError, check as check_signing_key};

/// The name of the dashboard's files, as the build writes them.
const OUTPUT_NAME: &str = "aiworker";

/// Why the server, or a command, cannot begin. Each is a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The options do not make sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The log filter is none.
    #[error(transparent)]
    Log(#[from] FilterError),
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The installation's key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database must be migrated and may not be.
    #[error(
        "the database must be migrated first ({} are missing). Run `aiworker migrate`, or start without --no-migrate.",
        pending.join(", ")
    )]
    Behind {
        /// What is missing.
        pending: Vec<String>,
    },
    /// The runtime cannot be used.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// An address cannot be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Something inside an agent failed.
    #[error(transparent)]
    Inside(#[from] inside::InsideError),
    /// A use case failed.
    #[error("{}", .0.public_message())]
    Service(#[from] services::Error),
    /// The system does not let the program begin.
    #[error("the system refused to start the program")]
    System(#[from] std::io::Error),
}

/// Opens everything and puts it together. Migrates the database unless that is not wanted.
pub async fn open(config: &Config) -> Result<AppState, StartError> {
    let data = config.storage.data()?;
    prepare_data_folder(&data)?;
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let signing_key = signing_key::load_or_make(&config.storage.signing_key()?, &*entropy)?;
    let credential_keys = match &config.storage.credential_keys {
        Some(keys) => credential_keys::lines(keys.expose_secret()),
        None => credential_keys::load_or_make(&config.storage.credential_keys_file()?, &*entropy)?,
    };
    let store = open_store(config).await?;
    let (runtime, runtime_status) = open_runtime(config, data).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let public_url = config.listen.public_url()?;
    let https = public_url.as_ref().is_some_and(|url| url.scheme() == "https");
    let settings = Settings {
        registration: config.accounts.registration(),
        session_idle: config.accounts.session_idle(),
        session_absolute: config.accounts.session_absolute(),
        agents_per_user: config.agents.agents_per_user,
        agent_limits: config.agents.limits(),
        orphan_grace: Duration::from_secs(config.agents.orphan_grace_seconds.into()),
        allow_unsandboxed: config.agents.allow_unsandboxed,
        terminals_kept_for: config.terminals.kept_for(),
        terminals_read_every: config.terminals.read_every(),
        public_url: config.listen.public_url.clone(),
        backend_url: config.agents.backend_url(|| config.listen.address_for_people(config.listen.addr)),
        signing_key,
        credential_keys,
        cookie: if https { SessionCookie::over_https() } else { SessionCookie::over_loopback_http() },
    };
    let backend = Url::parse(&settings.backend_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let hosts = config.listen.hosts()?.into_iter().chain(backend).collect();
    let mut prefix = [0; 4];
    entropy.fill(&mut prefix);
    let started_at = clock.now();
    let history = Arc::new(HistoryReader);
    let parts = Parts { store: store.clone(), runtime, runtime_status, clock, entropy, history, settings };
    let site_root = config.listen.site_root();
    let services = Services::new(parts);
    services.credentials().check_keys().await?;
    Ok(AppState::from(AppParts {
        services,
        store,
        leptos_options: leptos_options(config, &site_root),
        http: Arc::new(HttpSettings {
            hosts,
            public_url,
            trusted_proxies: config.listen.trusted_proxies()?,
            site_root,
            body_limit: config.listen.body_limit_kib as usize * 1024,
            request_timeout: config.listen.request_timeout(),
            request_id_prefix: u32::from_le_bytes(prefix),
            terminals: config.terminals.limits(),
        }),
        metrics: Metrics::new(started_at),
        lifecycle: Lifecycle::default(),
    }))
}

/// Opens the database as it is.
pub async fn connect(config: &Config) -> Result<Store, StartError> {
    Ok(Store::connect(&config.storage.store()?).await?)
}

/// Opens the database and brings it up to date, unless that is not wanted.
async fn open_store(config: &Config) -> Result<Store, StartError> {
    let store = connect(config).await?;
    match store.schema_state().await? {
        SchemaState::Current => {}
        SchemaState::Newer { unknown } => return Err(StoreError::Newer { unknown }.into()),
        SchemaState::Behind { pending } if config.storage.no_migrate => return Err(StartError::Behind { pending }),
        SchemaState::Behind { .. } => {
            let applied = store.migrate().await?;
            tracing::info!(count = applied.len(), backend = store.backend().as_str(), "migrated the database");
        }
    }
    Ok(store)
}

async fn open_runtime(config: &Config, data: PathBuf) -> Result<(Arc<dyn AgentRuntime>, RuntimeStatus), StartError> {
    match config.agents.runtime {
        RuntimeName::Process => {
            let runtime = ProcessRuntime::new(config.agents.process(data)).await?;
            let status = runtime.status();
            Ok((Arc::new(runtime), status))
        }
        RuntimeName::Kubernetes => {
            let runtime = KubernetesRuntime::new(config.kubernetes.kubernetes(config.agents.start_timeout())).await?;
            let status = runtime.status();
            Ok((Arc::new(runtime), status))
        }
    }
}

/// What the pages need to know of the build. cargo-leptos tells in variables while it runs us.
fn leptos_options(config: &Config, site_root: &std::path::Path) -> LeptosOptions {
    let told = std::env::var_os("LEPTOS_OUTPUT_NAME").and_then(|_| get_configuration(None).ok());
    let mut options = told.map_or_else(
        || LeptosOptions::builder().output_name(OUTPUT_NAME).build(),
        |configuration| configuration.leptos_options,
    );
    options.site_root = site_root.display().to_string().into();
    options.site_addr = config.listen.addr;
    // The build writes the hashes of its files beside the program.
    let program = std::env::current_exe().unwrap_or_default();
    options.hash_files |= program.parent().is_some_and(|folder| folder.join(&*options.hash_file).is_file());
    options
}
