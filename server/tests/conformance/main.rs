//! MCP's own conformance suite against a fixture on the product's transport, which offers all that the suite asks for.
//!
//! There is no list of known failures. The product's own endpoint meets the suite in the browser tests.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "tests may be blunt")]

mod fixture;
mod stack;
mod suite;

use futures::{StreamExt, stream};
use stack::{Served, Sessions};
use suite::Suite;

const CURRENT: &str = "2026-07-28";
const LEGACY: &str = "2025-11-25";
/// How many scenarios run side by side: each has to start a Node.js of its own.
const AT_ONCE: usize = 3;

/// What a server without sessions cannot do in the older revision, and that one alone: there a server asks its client by a
/// request on the stream of a call, and the client answers with a request of its own, which only a session brings
/// together with the call. In the current revision the same is done by asking and calling again.
const NEEDS_SESSION: [&str; 4] =
    ["tools-call-sampling", "tools-call-elicitation", "elicitation-sep1034-defaults", "elicitation-sep1330-enums"];

/// What the suite runs without counting it, because its own reference server does not pass. This stack does.
const NOT_SCORED: [&str; 3] = ["json-schema-2020-12", "http-header-validation", "http-custom-header-server-validation"];

#[tokio::test(flavor = "multi_thread")]
async fn all_that_the_current_revision_requires() {
    let (suite, served) = (Suite::installed(), Served::start(Sessions::None).await);
    suite.requirements(&served.url, CURRENT).await;
    for scenario in NOT_SCORED {
        suite.scenario(&served.url, CURRENT, scenario).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_the_older_revision_requires_of_a_server_without_sessions() {
    let (suite, served) = (Suite::installed(), Served::start(Sessions::None).await);
    let required = suite.required(LEGACY);
    for scenario in NEEDS_SESSION {
        assert!(required.iter().any(|name| name == scenario), "{scenario} is not required any more");
    }
    let possible = required.iter().filter(|name| !NEEDS_SESSION.contains(&name.as_str()));
    let each = stream::iter(possible);
    each.for_each_concurrent(AT_ONCE, |scenario| suite.scenario(&served.url, LEGACY, scenario)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_the_older_revision_requires() {
    let (suite, served) = (Suite::installed(), Served::start(Sessions::InMemory).await);
    suite.requirements(&served.url, LEGACY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fixture_stands_behind_a_gate() {
    let served = Served::start(Sessions::None).await;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().timeout(suite::DEADLINE).no_proxy().build().unwrap();
    let answer = client.post(&served.gated).send().await.unwrap();
    assert_eq!(answer.status(), 401);
}
