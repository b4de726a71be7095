//! A viewer whose connection was lost comes back.

use std::time::{Duration, Instant};

use domain::terminal::{Mode, ResetReason};
use futures::StreamExt as _;
use server::terminal::limits::DEAD_AFTER;
use tokio_tungstenite::tungstenite::Message;

use super::{FakeTtyd, SCREEN, TestApp, live, running_agent, viewer::Viewer};
use crate::support::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_costs_nothing() {
    let app = TestApp::new().await;
    let (browser, agent, mut viewer, mut ttyd) = live(&app).await;
    let (mut shown, mut expected) = (String::new(), String::new());
    for cut in 0_u32..20 {
        let line = format!("line {cut}\r\n");
        expected.push_str(&line);
        ttyd.print(line.as_bytes()).await.unwrap();
        // Some cuts come before the line, some after it.
        if cut % 2 == 0 {
            shown.push_str(&viewer.output_until(&line).await);
        }
        viewer.input(cut * 2, b"a").await;
        if cut % 3 == 0 {
            assert_eq!(ttyd.typed(1).await, b"a");
        }
        let resume = viewer.resume.clone();
        drop(viewer);
        viewer = Viewer::connect(app.address, &browser, agent).await.unwrap();
        viewer.hello_again(Mode::Drive, Some(resume.clone())).await;
        let welcome = viewer.welcomed().await;
        assert_eq!((&welcome.session, welcome.epoch, welcome.seq), (&resume.session, resume.epoch, resume.seq));
        // What did not arrive is sent again, and what did is, too.
        assert!(welcome.input == cut * 2 || welcome.input == cut * 2 + 1);
        viewer.input(cut * 2, b"a").await;
        viewer.input(cut * 2 + 1, b"b").await;
        let typed = if cut % 3 == 0 { ttyd.typed(1).await } else { ttyd.typed(2).await };
        assert!(b"ab".ends_with(&typed));
        if cut % 2 == 1 {
            shown.push_str(&viewer.output_until(&line).await);
        }
    }
    assert_eq!(shown, expected);
    let page = app.state.metrics.encode().unwrap();
    assert!(page.contains(r#"aiworker_terminal_reconnects_total{path="resume",reason="connection"} 20"#), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_during_a_cut_comes_byte_by_byte() {
    /// What 4 kB a second are in 20 s.
    const PRINTED: usize = 80_000;
    let app = TestApp::new().await;
    let (browser, agent, mut viewer, mut ttyd) = live(&app).await;
    let mut line = 0_u32;
    for _ in 0..10 {
        let resume = viewer.resume.clone();
        drop(viewer);
        let mut printed = String::new();
        while printed.len() < PRINTED {
            line += 1;
            let next = format!("line {line}\r\n");
            ttyd.print(next.as_bytes()).await.unwrap();
            printed.push_str(&next);
        }
        viewer = Viewer::connect(app.address, &browser, agent).await.unwrap();
        viewer.hello_again(Mode::Drive, Some(resume.clone())).await;
        let welcome = viewer.welcomed().await;
        assert_eq!((&welcome.session, welcome.epoch, welcome.seq), (&resume.session, resume.epoch, resume.seq));
        // A new screen instead would end this with a panic.
        assert_eq!(viewer.output_until(&format!("line {line}\r\n")).await, printed);
    }
}

/// A letter for each key, so that a lost, doubled or moved one is seen.
fn letter(key: u32) -> u8 {
    b"abcdefghijklmnopqrstuvwxyz"[(key * 7 % 26) as usize]
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_keys_over_fifty_cuts_are_each_typed_once() {
    const KEYS: u32 = 10_000;
    const CUTS: u32 = 50;
    let app = TestApp::new().await;
    let (browser, agent, mut viewer, mut ttyd) = live(&app).await;
    // It stays when it has everything: the last cut comes after the last key.
    let reading = tokio::spawn(async move { (ttyd.typed(KEYS as usize).await, ttyd) });
    let mut next = 0;
    for cut in 1..=CUTS {
        // As a client that does not know what arrived: everything that was not confirmed is sent again.
        for key in next..cut * (KEYS / CUTS) {
            viewer.input(key, &[letter(key)]).await;
        }
        let resume = viewer.resume.clone();
        drop(viewer);
        viewer = Viewer::connect(app.address, &browser, agent).await.unwrap();
        viewer.hello_again(Mode::Drive, Some(resume.clone())).await;
        let welcome = viewer.welcomed().await;
        assert_eq!(welcome.session, resume.session);
        assert!(welcome.input <= cut * (KEYS / CUTS));
        next = welcome.input.saturating_sub(cut % 3);
    }
    for key in next..KEYS {
        viewer.input(key, &[letter(key)]).await;
    }
    let (typed, _ttyd) = reading.await.unwrap();
    assert_eq!(typed, (0..KEYS).map(letter).collect::<Vec<u8>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_output_meanwhile_is_not_kept() {
    let app = TestApp::new().await;
    let (browser, agent, viewer, mut ttyd) = live(&app).await;
    let resume = viewer.resume.clone();
    drop(viewer);
    while ttyd.print(&[b'x'; 4095]).await.is_ok() {}
    let mut viewer = Viewer::connect(app.address, &browser, agent).await.unwrap();
    viewer.hello_again(Mode::Drive, Some(resume.clone())).await;
    let _ttyd = FakeTtyd::accept(&app).await;
    let welcome = viewer.welcomed().await;
    assert_eq!((&welcome.session, welcome.epoch, welcome.seq), (&resume.session, 2, 0));
    viewer.output_until(SCREEN).await;
}

/// It answers no ping either, and nobody can tell it from one that is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_reads_nothing_is_let_go_after_a_minute_and_gets_the_screen_anew() {
    let app = TestApp::keeping(Duration::from_secs(1)).await;
    let (browser, agent, mut viewer, mut ttyd) = live(&app).await;
    viewer.input(0, b"a").await;
    assert_eq!(ttyd.typed(1).await, b"a");
    let began = Instant::now();
    assert_eq!(ttyd.next().await, None, "the session ends");
    assert!(began.elapsed() >= DEAD_AFTER, "{:?}", began.elapsed());

    let resume = viewer.resume.clone();
    drop(viewer);
    let mut viewer = Viewer::connect(app.address, &browser, agent).await.unwrap();
    viewer.hello_again(Mode::Drive, Some(resume.clone())).await;
    let mut ttyd = FakeTtyd::accept(&app).await;
    let welcome = viewer.welcomed().await;
    assert_ne!(welcome.session, resume.session);
    assert_eq!(welcome.input, 0);
    viewer.output_until(SCREEN).await;
    viewer.input(0, b"b").await;
    assert_eq!(ttyd.typed(1).await, b"b", "what was typed before is not typed again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_gone_or_anothers_is_a_new_one() {
    let app = TestApp::keeping(Duration::ZERO).await;
    let (browser, agent, viewer, mut ttyd) = live(&app).await;
    let resume = viewer.resume.clone();
    drop(viewer);
    assert_eq!(ttyd.next().await, None);
    let mut viewer = Viewer::connect(app.address, &browser, agent).await.unwrap();
    viewer.hello_again(Mode::Drive, Some(resume.clone())).await;
    let _ttyd = FakeTtyd::accept(&app).await;
    let welcome = viewer.welcomed().await;
    assert_ne!(welcome.session, resume.session);
    assert_eq!((welcome.seq, welcome.input), (0, 0));

    // One that stands is found by its own user and with its own rights only.
    let resume = viewer.resume.clone();
    let mut watcher = Viewer::connect(app.address, &browser, agent).await.unwrap();
    watcher.hello_again(Mode::Watch, Some(resume.clone())).await;
    let _ttyd = FakeTtyd::accept(&app).await;
    assert_ne!(watcher.welcomed().await.session, resume.session);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_left_is_not_waited_for() {
    let app = TestApp::new().await;
    let (_, _, mut viewer, mut ttyd) = live(&app).await;
    viewer.socket.close(None).await.unwrap();
    assert_eq!(ttyd.next().await, None);
    let is_quiet = async || app.state.metrics.encode().unwrap().contains("aiworker_terminal_sessions 0");
    eventually("nobody is counted", is_quiet).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_is_away_is_told_nothing_and_ends_with_the_agent() {
    let app = TestApp::new().await;
    let (browser, agent, viewer, mut ttyd) = live(&app).await;
    drop(viewer);
    browser.post(&format!("/api/agents/{agent}/stop"), &()).await.data();
    assert_eq!(ttyd.next().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_watches_asks_for_no_more_and_may_not_type() {
    let app = TestApp::new().await;
    let (browser, agent) = running_agent(&app).await;
    let mut viewer = Viewer::connect(app.address, &browser, agent).await.unwrap();
    viewer.hello_again(Mode::Watch, None).await;
    let mut ttyd = FakeTtyd::accept(&app).await;
    assert_eq!(ttyd.request, ": attach 5000 524288 watch\n");
    assert_eq!(viewer.welcomed().await.mode, Mode::Watch);
    viewer.input(0, b"x").await;
    let (end, _) = viewer.end().await;
    assert!(end.message.contains("watches"), "{}", end.message);
    assert_eq!(ttyd.next().await, None, "nothing of it went to the agent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_size_lays_history_and_screen_out_anew() {
    let app = TestApp::new().await;
    let (_, _, mut viewer, _ttyd) = live(&app).await;
    viewer.resize(120, 40).await;
    let ttyd = FakeTtyd::accept(&app).await;
    assert_eq!((&ttyd.init["columns"], &ttyd.init["rows"]), (&120.into(), &40.into()));
    assert_eq!(viewer.reset().await.reason, ResetReason::Resized);
}

/// What was typed last is still on its way to the agent then.
#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_comes_back_to_a_session_that_is_ending_gets_another_one() {
    let app = TestApp::new().await;
    let (browser, agent, mut viewer, mut ttyd) = live(&app).await;
    viewer.input(0, b"make").await;
    assert_eq!(ttyd.next().await.as_deref(), Some(&b"0make"[..]));
    let resume = viewer.resume.clone();
    viewer.message(Message::Close(None)).await;
    while !matches!(viewer.socket.next().await, Some(Ok(Message::Close(_)))) {}

    let mut viewer = Viewer::connect(app.address, &browser, agent).await.unwrap();
    viewer.hello_again(Mode::Drive, Some(resume.clone())).await;
    let _ttyd = FakeTtyd::accept(&app).await;
    assert_ne!(viewer.welcomed().await.session, resume.session);
    viewer.output_until(SCREEN).await;
}
