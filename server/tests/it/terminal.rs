//! Terminals over real sockets: the protocol, its refusals, its endings, and what happens when one side does not read. The
//! agent's ttyd is a test's own, except in `real`.

mod answers;
mod chaos;
mod endings;
mod fake_ttyd;
mod flow;
mod frames;
mod kept;
mod leaks;
mod lost_input;
mod metrics;
mod proxy;
pub mod real;
mod refusals;
mod resume;
mod sharing;
mod viewer;

use domain::AgentId;

use crate::support::{Client, TestApp, eventually};
use fake_ttyd::{FakeTtyd, SCREEN};
use viewer::Viewer;

/// An agent that runs, and its owner's browser.
async fn running_agent(app: &TestApp) -> (Client, AgentId) {
    app.run_reconciler();
    let user = app.register("owner").await;
    let browser = app.browser_of(user).await;
    let agent = app.objects_of(user).await.agent;
    let path = format!("/api/agents/{agent}");
    eventually("the agent runs", async || browser.get(&path).await.data()["phase"] == "idle").await;
    (browser, agent)
}

/// A terminal through which bytes flow, with both of its ends.
async fn live(app: &TestApp) -> (Client, AgentId, Viewer, FakeTtyd) {
    let (browser, agent) = running_agent(app).await;
    let (viewer, ttyd) = open(app, &browser, agent).await;
    (browser, agent, viewer, ttyd)
}

async fn open(app: &TestApp, browser: &Client, agent: AgentId) -> (Viewer, FakeTtyd) {
    let mut viewer = Viewer::connect(app.address, browser, agent).await.unwrap();
    viewer.hello(80, 24).await;
    let ttyd = FakeTtyd::accept(app).await;
    viewer.welcome().await;
    viewer.output_until(SCREEN).await;
    (viewer, ttyd)
}
