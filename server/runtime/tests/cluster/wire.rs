//! A wire to the real API server that breaks on demand: a proxy that passes everything on, and in between loses, repeats or
//! holds back what a real network or a dying server would. What is true is still what the real API server says.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::Response,
};
use futures::{FutureExt as _, StreamExt as _, stream};
use http::{Method, StatusCode};
use kube::Client;
use serde_json::json;
use tokio::{
    net::TcpListener,
    sync::{Notify, watch},
    task::JoinSet,
};

/// Nobody's pod, which the server asks about every few seconds to find out whether the cluster answers.
const NOBODYS_POD: &str = "/pods/agent-00000000000000000000000000000000-0";

/// A wire. It ends with the test.
pub struct Wire {
    pub address: SocketAddr,
    faults: Arc<Faults>,
    _serving: JoinSet<()>,
}

struct Faults {
    to: Client,
    /// Nothing gets through, and nobody answers.
    is_down: AtomicBool,
    /// Moments that are still passed: one before and one after each write is done.
    moments_left: AtomicUsize,
    stuck: Notify,
    writes: Mutex<Vec<String>>,
    /// Questions about one agent's pod.
    looks: AtomicUsize,
    /// Watches that begin next and are told that what they ask for is too old.
    gone: AtomicUsize,
    watches: AtomicUsize,
    repeats: AtomicBool,
    is_silent: AtomicBool,
    /// Raised to end every open watch.
    cut: watch::Sender<u64>,
}

impl Wire {
    /// Before the API server that `to` speaks with, and with its permissions.
    pub async fn new(to: Client) -> Self {
        let faults = Arc::new(Faults {
            to,
            is_down: AtomicBool::new(false),
            moments_left: AtomicUsize::new(usize::MAX),
            stuck: Notify::new(),
            writes: Mutex::default(),
            looks: AtomicUsize::new(0),
            gone: AtomicUsize::new(0),
            watches: AtomicUsize::new(0),
            repeats: AtomicBool::new(false),
            is_silent: AtomicBool::new(false),
            cut: watch::Sender::new(0),
        });
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let app = Router::new().fallback(pass).with_state(Arc::clone(&faults));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(socket, app).await.unwrap() });
        Self { address, faults, _serving: serving }
    }

    /// What a program needs to know to use the wire.
    pub fn kubeconfig(&self) -> String {
        json!({ "apiVersion": "v1", "kind": "Config", "current-context": "wire",
            "contexts": [{ "name": "wire", "context": { "cluster": "wire", "user": "wire" } }],
            "clusters": [{ "name": "wire", "cluster": { "server": format!("http://{}", self.address) } }],
            "users": [{ "name": "wire", "user": {} }] })
        .to_string()
    }

    /// Whoever writes gets stuck at this moment: even ones are before the write is done, odd ones after it.
    pub fn stick_at(&self, moment: usize) {
        // Somebody who got stuck earlier and whom nobody waited for does not count.
        let _ = self.faults.stuck.notified().now_or_never();
        self.faults.moments_left.store(moment, Ordering::SeqCst);
    }

    /// Ends when somebody got stuck.
    pub async fn stuck(&self) {
        self.faults.stuck.notified().await;
    }

    /// Every write passes again.
    pub fn heal(&self) {
        self.stick_at(usize::MAX);
        self.faults.is_down.store(false, Ordering::SeqCst);
        self.faults.is_silent.store(false, Ordering::SeqCst);
        self.faults.repeats.store(false, Ordering::SeqCst);
    }

    /// Takes everything that was written so far.
    pub fn writes(&self) -> Vec<String> {
        std::mem::take(&mut self.faults.writes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How often somebody has asked about one agent's pod since this was asked last.
    pub fn looks(&self) -> usize {
        self.faults.looks.swap(0, Ordering::SeqCst)
    }

    /// The API server is gone.
    pub fn take_down(&self) {
        self.faults.is_down.store(true, Ordering::SeqCst);
        self.cut();
    }

    /// Every open watch ends.
    pub fn cut(&self) {
        self.faults.cut.send_modify(|number| *number += 1);
    }

    /// So many watches that begin next ask for something too old.
    pub fn forget(&self, watches: usize) {
        self.faults.gone.store(watches, Ordering::SeqCst);
    }

    /// Everything that watches are told, they are told twice.
    pub fn repeat(&self) {
        self.faults.repeats.store(true, Ordering::SeqCst);
    }

    /// Watches stay open, and nothing comes any more.
    pub fn silence(&self) {
        self.faults.is_silent.store(true, Ordering::SeqCst);
    }

    /// How many watches began so far.
    pub fn watches(&self) -> usize {
        self.faults.watches.load(Ordering::SeqCst)
    }
}

impl Faults {
    /// A moment at which a server may die. It never comes back from there.
    async fn moment(&self) {
        let passed = self.moments_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| match left {
            usize::MAX => Some(usize::MAX),
            left => left.checked_sub(1),
        });
        if passed.is_err() {
            self.stuck.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

async fn pass(State(faults): State<Arc<Faults>>, request: Request) -> Response {
    if faults.is_down.load(Ordering::SeqCst) {
        return hang_up();
    }
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let is_write = head.method != Method::GET && !head.uri.path().contains("selfsubjectaccessreviews");
    let is_watch = head.uri.query().is_some_and(|query| query.contains("watch=true"));
    let what = format!("{} {}", head.method, head.uri.path());
    if is_watch {
        faults.watches.fetch_add(1, Ordering::SeqCst);
        let forget = faults.gone.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if forget.is_ok() {
            return too_old();
        }
    }
    if is_write {
        faults.moment().await;
    } else if head.uri.path().contains("/pods/agent-") && !head.uri.path().ends_with(NOBODYS_POD) {
        faults.looks.fetch_add(1, Ordering::SeqCst);
    }
    let mut onward = http::Request::builder().method(head.method).uri(head.uri);
    for name in [http::header::ACCEPT, http::header::CONTENT_TYPE] {
        if let Some(value) = head.headers.get(&name) {
            onward = onward.header(name, value);
        }
    }
    let onward = onward.body(kube::client::Body::from(body.to_vec())).unwrap();
    let Ok(answer) = faults.to.send(onward).await else { return hang_up() };
    if is_write {
        faults.writes.lock().unwrap_or_else(PoisonError::into_inner).push(what);
        faults.moment().await;
    }
    let (head, body) = answer.into_parts();
    let body = if is_watch { watched(&faults, Body::new(body)) } else { Body::new(body) };
    let mut answer = Response::new(body);
    *answer.status_mut() = head.status;
    if let Some(kind) = head.headers.get(http::header::CONTENT_TYPE) {
        answer.headers_mut().insert(http::header::CONTENT_TYPE, kind.clone());
    }
    answer
}

/// The connection breaks in the middle of the answer.
fn hang_up() -> Response {
    let broken = stream::once(async { Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset)) });
    Response::new(Body::from_stream(broken))
}

/// What an API server says whose memory does not reach back so far.
fn too_old() -> Response {
    let status = json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "too old resource version", "reason": "Expired", "code": 410 });
    let mut answer = Response::new(Body::from(status.to_string()));
    *answer.status_mut() = StatusCode::GONE;
    answer.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    answer
}

/// What a watch is told, line by line, until it is cut.
fn watched(faults: &Arc<Faults>, body: Body) -> Body {
    let mut cut = faults.cut.subscribe();
    let faults = Arc::clone(faults);
    let lines = stream::unfold((body.into_data_stream(), Vec::new()), |(mut data, mut rest)| async move {
        loop {
            if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                return Some((line, (data, rest)));
            }
            rest.extend_from_slice(&data.next().await?.ok()?);
        }
    });
    let told = lines.flat_map(move |line| {
        let times = match (faults.is_silent.load(Ordering::SeqCst), faults.repeats.load(Ordering::SeqCst)) {
            (true, _) => 0,
            (false, repeats) => 1 + usize::from(repeats),
        };
        stream::iter(vec![Ok::<_, Infallible>(Bytes::from(line)); times])
    });
    Body::from_stream(told.take_until(async move { cut.changed().await }))
}
