//! What operators see of terminals, once one has been through everything that is counted.

use domain::terminal::{Mode, ServerFrame};
use futures::StreamExt as _;
use tokio_tungstenite::tungstenite::Message;

use super::{FakeTtyd, SCREEN, TestApp, live, viewer::Viewer};
use crate::{operations::admin_of, support::eventually};

/// The series that must be there. Of a histogram, the number of its samples.
const SERIES: [&str; 23] = [
    "aiworker_terminal_sessions 0",
    r#"aiworker_terminal_bytes_total{direction="output"}"#,
    r#"aiworker_terminal_bytes_total{direction="input"}"#,
    r#"aiworker_terminal_attach_seconds_count{phase="dial"}"#,
    r#"aiworker_terminal_attach_seconds_count{phase="handshake"}"#,
    r#"aiworker_terminal_attach_seconds_count{phase="screen"}"#,
    "aiworker_terminal_attach_failures_total",
    r#"aiworker_terminal_reconnects_total{path="resume",reason="connection"} 1"#,
    r#"aiworker_terminal_reconnects_total{path="reset",reason="reattached"} 1"#,
    r#"aiworker_terminal_reconnects_total{path="reset",reason="resized"} 1"#,
    "aiworker_terminal_overruns_total 1",
    "aiworker_terminal_skipped_bytes_total",
    "aiworker_terminal_resumed_bytes_total 6",
    "aiworker_terminal_away_seconds_count 1",
    "aiworker_terminal_unacked_bytes_count",
    "aiworker_terminal_ack_seconds_count",
    r#"aiworker_terminal_round_trip_seconds_count{leg="browser"}"#,
    r#"aiworker_terminal_round_trip_seconds_count{leg="agent"}"#,
    "aiworker_terminal_echo_seconds_count",
    "aiworker_terminal_input_doubled_total 1",
    "aiworker_terminal_input_unconfirmed_total 0",
    r#"aiworker_terminal_sessions_ended_total{code="client_gone"} 1"#,
    "aiworker_terminal_agent_hang_ups_total 1",
];

/// The values of a page's labels.
fn label_values(page: &str) -> impl Iterator<Item = &str> {
    let labels = page.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('{'));
    labels.flat_map(|(_, rest)| rest.split('"').skip(1).step_by(2))
}

/// Whether a text holds something like an id: a UUID, or sixteen hexadecimal digits in a row.
fn holds_id(text: &str) -> bool {
    let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let windows =
        |length: usize| (0..=text.len().saturating_sub(length)).filter_map(move |at| text.get(at..at + length));
    let has_uuid = windows(36).any(|part| {
        let groups: Vec<&str> = part.split('-').collect();
        groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(|group| is_hex(group))
    });
    has_uuid || windows(16).any(is_hex)
}

/// Whatever else: this viewer goes through all that is counted.
async fn live_through_everything(app: &TestApp) {
    let (browser, agent, mut viewer, mut ttyd) = live(app).await;
    // Both legs are pinged while neither has anything to say.
    let pinged = async {
        loop {
            match viewer.socket.next().await.unwrap().unwrap() {
                Message::Ping(_) => break,
                Message::Binary(frame) => assert!(!matches!(ServerFrame::decode(&frame), Ok(ServerFrame::End(_)))),
                other => panic!("{other:?}"),
            }
        }
        // The answer goes out ahead of this.
        viewer.input(0, b"a").await;
    };
    let (typed, ()) = tokio::join!(ttyd.typed(1), pinged);
    assert_eq!(typed, b"a");
    ttyd.print(b"a").await.unwrap();
    viewer.output_until("a").await;
    viewer.input(0, b"a").await;
    viewer.pong().await;

    let resume = viewer.resume.clone();
    drop(viewer);
    let is_away = async || app.state.metrics.encode().unwrap().contains("aiworker_terminal_sessions 0");
    eventually("the loss is noticed", is_away).await;
    ttyd.print(b"missed").await.unwrap();
    let mut viewer = Viewer::connect(app.address, &browser, agent).await.unwrap();
    viewer.hello_again(Mode::Drive, Some(resume)).await;
    viewer.welcomed().await;
    viewer.output_until("missed").await;

    viewer.resize(120, 40).await;
    // It was typed into, so it is asked whether it has taken that; then it is let go of.
    let (next, ()) = tokio::join!(FakeTtyd::accept(app), ttyd.over());
    viewer.output_until_reset_and(SCREEN).await;
    drop(next);
    let mut ttyd = FakeTtyd::accept(app).await;
    viewer.output_until_reset_and(SCREEN).await;

    // Too far behind.
    let resume = viewer.resume.clone();
    drop(viewer);
    while ttyd.print(&[b'x'; 4095]).await.is_ok() {}
    let mut viewer = Viewer::connect(app.address, &browser, agent).await.unwrap();
    viewer.hello_again(Mode::Drive, Some(resume)).await;
    let mut ttyd = FakeTtyd::accept(app).await;
    viewer.welcomed().await;
    viewer.output_until(SCREEN).await;
    viewer.socket.close(None).await.unwrap();
    ttyd.over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_about_terminals_is_counted_and_nothing_is_labelled_by_an_id() {
    let app = TestApp::new().await;
    live_through_everything(&app).await;
    let admin = admin_of(&app).await;
    let page = async || admin.get("/metrics").await.text();
    eventually("the session has ended", async || {
        page().await.contains(r#"sessions_ended_total{code="client_gone"} 1"#)
    })
    .await;
    let page = page().await;
    for series in SERIES {
        assert!(page.lines().any(|line| line.starts_with(series)), "no {series} in\n{page}");
        // A bare name counts something, or it would be there without anything having happened.
        let counts = page.lines().find_map(|line| line.strip_prefix(series)).unwrap_or_default().trim();
        let is_given = series.contains(' ') || series.ends_with("failures_total");
        assert!(is_given || counts.parse::<f64>().is_ok_and(|count| count > 0.0), "{series} is {counts:?}");
    }
    let labels: Vec<&str> = label_values(&page).collect();
    assert!(labels.contains(&"handshake"), "{labels:?}");
    for label in labels {
        assert!(!holds_id(label), "{label:?} is an id");
    }
    assert!(holds_id("x0198f3a2-7c11-7000-8000-0123456789ab") && holds_id("5e0c41d29f7ab3c8"));
    assert!(!holds_id("/agent-terminal/{id}/history"));
}
