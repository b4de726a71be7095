//! A client of the server: a browser, a program or nobody, depending on the headers it sends.

use std::{net::SocketAddr, str::FromStr, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde::Serialize;
use serde_json::Value;

/// How long one request may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// Sends requests with always the same headers.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    address: SocketAddr,
    headers: HeaderMap,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        // TLS is not used here, but the client wants to know how it would be done. Only the first to say so succeeds.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(DEADLINE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { http, address, headers: HeaderMap::new() }
    }

    /// The same client with one more header.
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.insert(HeaderName::from_str(name).unwrap(), HeaderValue::from_str(value).unwrap());
        client
    }

    /// The headers that every request has.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        self.send(Method::POST, path, Some(("application/json", serde_json::to_string(body).unwrap()))).await
    }

    pub async fn patch(&self, path: &str, body: &impl Serialize) -> Answer {
        self.send(Method::PATCH, path, Some(("application/json", serde_json::to_string(body).unwrap()))).await
    }

    /// Makes an object and gives back its id.
    pub async fn made<I: FromStr>(&self, path: &str, body: &impl Serialize) -> I {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{path}: {}", answer.text());
        let id = answer.data()["id"].as_str().unwrap().parse();
        id.unwrap_or_else(|_| panic!("{path} answered without an id"))
    }

    /// Sends anything.
    pub async fn send(&self, method: Method, path: &str, body: Option<(&str, String)>) -> Answer {
        let mut request =
            self.http.request(method, format!("http://{}{path}", self.address)).headers(self.headers.clone());
        if let Some((content_type, body)) = body {
            request = request.header(header::CONTENT_TYPE, content_type).body(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        // A WebSocket has no end to wait for.
        let ends = status != StatusCode::SWITCHING_PROTOCOLS && !is_stream(&headers);
        let body = if ends { response.bytes().await.unwrap().to_vec() } else { Vec::new() };
        Answer { status, headers, body }
    }

    /// Opens a stream of bytes.
    pub async fn stream(&self, path: &str) -> reqwest::Response {
        let request = self.http.get(format!("http://{}{path}", self.address)).headers(self.headers.clone());
        request.send().await.unwrap()
    }

    /// Asks for a WebSocket, as our own page would.
    pub fn upgrading(&self) -> Self {
        let origin = format!("http://{}", self.address);
        [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-protocol", domain::terminal::SUBPROTOCOL),
            ("origin", &origin),
        ]
        .into_iter()
        .fold(self.clone(), |client, (name, value)| client.with_header(name, value))
    }
}

fn is_stream(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| value == "text/event-stream")
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.text()))
    }

    /// What is in the envelope of a success.
    pub fn data(&self) -> Value {
        let json = self.json();
        assert_eq!(json["success"], true, "{json}");
        json["data"].clone()
    }

    /// The code in the envelope of a failure.
    pub fn code(&self) -> String {
        let json = self.json();
        assert_eq!(json["success"], false, "{json}");
        let sentence = json["message"].as_str().unwrap();
        assert!(!sentence.is_empty());
        json["code"].as_str().unwrap().to_owned()
    }

    /// The fields that a failure complains about.
    pub fn fields(&self) -> Vec<String> {
        let json = self.json();
        let fields = json["fields"].as_array().cloned().unwrap_or_default();
        fields.iter().map(|field| field["field"].as_str().unwrap().to_owned()).collect()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}
