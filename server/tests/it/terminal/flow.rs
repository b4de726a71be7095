//! What flows, and how it starts over.

use std::time::{Duration, Instant};

use domain::{
    terminal::{ClientFrame, ResetReason, Resume, ServerFrame},
    ttyd,
};
use server::terminal::limits::{RESIZE_EVERY, WINDOW_FIRST};
use tokio::time::{MissedTickBehavior, interval};

use super::{FakeTtyd, SCREEN, TestApp, live, open, running_agent, viewer::Viewer};

/// How long a window is dragged.
const STORM: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn bytes_flow_both_ways_and_ttyds_own_talk_stays_inside() {
    let app = TestApp::new().await;
    let (_, _, mut viewer, mut ttyd) = live(&app).await;
    assert_eq!(ttyd.init["columns"], 80);
    assert_eq!(ttyd.init["rows"], 24);
    let token = ttyd.init["AuthToken"].as_str().unwrap();
    assert_eq!(ttyd.headers["authorization"], format!("Basic {token}"), "ttyd wants the credential twice");
    assert_eq!(ttyd.headers["origin"], format!("http://{}", ttyd.headers["host"].to_str().unwrap()));

    ttyd.print("grüße".as_bytes()).await.unwrap();
    let output = viewer.output_until("grüße").await;
    assert!(!output.contains("secret-flag"), "{output:?}");
    for (seq, text) in ["ls", "\r", "exit\r"].into_iter().enumerate() {
        viewer.input(u32::try_from(seq).unwrap(), text.as_bytes()).await;
    }
    assert_eq!(ttyd.typed(8).await, b"ls\rexit\r");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_before_the_welcome_is_kept() {
    let app = TestApp::new().await;
    let (browser, agent) = running_agent(&app).await;
    let mut viewer = Viewer::connect(app.address, &browser, agent).await.unwrap();
    viewer.hello(80, 24).await;
    viewer.input(0, b"early").await;
    let mut ttyd = FakeTtyd::accept(&app).await;
    viewer.welcome().await;
    assert_eq!(ttyd.typed(5).await, b"early");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_is_answered_with_its_number() {
    let app = TestApp::new().await;
    let (_, _, mut viewer, _ttyd) = live(&app).await;
    viewer.raw(vec![4, 0xef, 0xbe, 0xad, 0xde]).await;
    assert!(matches!(viewer.frame().await, ServerFrame::Pong { number: 0xdead_beef, .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_sizes_is_thinned_and_the_last_one_arrives() {
    let app = TestApp::new().await;
    let (_, _, mut viewer, mut ttyd) = live(&app).await;
    let began = Instant::now();
    let storm = async {
        // As a window that is dragged for five seconds.
        let mut frame = interval(STORM / 200);
        for cols in 100..300 {
            frame.tick().await;
            viewer.resize(cols, 30).await;
        }
    };
    let come_through = async {
        let mut sizes = 1;
        while ttyd.next().await.unwrap() != ttyd::encode_resize(299, 30) {
            sizes += 1;
        }
        sizes
    };
    let ((), sizes) = tokio::join!(storm, come_through);
    // Ten a second, and the first at once.
    let most = 2 + began.elapsed().as_millis() / RESIZE_EVERY.as_millis();
    assert!((10..=most).contains(&sizes), "{sizes} sizes came through, at most {most} may");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ttyd_that_dies_is_attached_again() {
    let app = TestApp::new().await;
    let (_, _, mut viewer, ttyd) = live(&app).await;
    drop(ttyd);
    let mut ttyd = FakeTtyd::accept(&app).await;
    assert_eq!(viewer.reset().await.reason, ResetReason::Reattached);
    ttyd.print(b"again").await.unwrap();
    viewer.output_until("again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_does_not_read_holds_nobody_up_and_gets_a_fresh_screen() {
    let app = TestApp::new().await;
    let (browser, agent, mut viewer, mut ttyd) = live(&app).await;
    let (mut other, mut other_ttyd) = open(&app, &browser, agent).await;
    // Far more than the gateway holds, while nothing is read: ttyd is drained all the same.
    for _ in 0..5_000 {
        ttyd.print(&[b'x'; 4095]).await.unwrap();
    }
    // Another viewer of the same agent is not disturbed, and typing goes through.
    other_ttyd.print(b"quick").await.unwrap();
    other.output_until("quick").await;
    viewer.input(0, b"\x03").await;
    assert_eq!(ttyd.typed(1).await, b"\x03");

    let reading = tokio::spawn(async move {
        let reset = viewer.reset().await;
        (reset, viewer.output_until("fresh").await)
    });
    let mut ttyd = FakeTtyd::accept(&app).await;
    ttyd.print(b"fresh").await.unwrap();
    let (reset, output) = reading.await.unwrap();
    assert_eq!((reset.epoch, reset.reason), (2, ResetReason::Skipped));
    assert_eq!(output, format!("{SCREEN}fresh"));
    let page = app.state.metrics.encode().unwrap();
    assert!(page.contains("aiworker_terminal_overruns_total 1"), "{page}");
}

/// The numbers of all whole lines.
fn numbers(text: &[u8]) -> Vec<u64> {
    let text = String::from_utf8_lossy(text);
    let whole = text.rsplit_once("\r\n").map_or("", |(whole, _)| whole);
    whole
        .trim_start_matches(SCREEN)
        .split("\r\n")
        .filter(|line| !line.is_empty())
        .map(|line| line.parse().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_on_a_slow_line_is_told_of_every_gap() {
    /// Bytes that are printed in each tick, and that the browser takes in one: 5 MB and 200 kB a second.
    const PRINTED: usize = 25_000;
    const TAKEN: usize = 1_000;
    const TICK: Duration = Duration::from_millis(5);
    /// Screens that it sees.
    const EPOCHS: usize = 6;
    let app = TestApp::new().await;
    let (_, _, mut viewer, mut ttyd) = live(&app).await;
    let printing = async {
        let mut pace = interval(TICK);
        let mut lines = 1_000_000_u64..;
        loop {
            pace.tick().await;
            let some: String = lines.by_ref().take(PRINTED / 9).map(|line| format!("{line}\r\n")).collect();
            if ttyd.print(some.as_bytes()).await.is_err() {
                ttyd = FakeTtyd::accept(&app).await;
            }
        }
    };
    let reading = async {
        let mut line = interval(TICK);
        line.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut epochs = vec![Vec::new()];
        while epochs.len() <= EPOCHS {
            match viewer.frame().await {
                ServerFrame::Output { bytes, .. } => {
                    for _ in 0..bytes.len() / TAKEN {
                        line.tick().await;
                    }
                    epochs.last_mut().unwrap().extend(bytes);
                }
                ServerFrame::Reset(reset) => {
                    assert_eq!(reset.reason, ResetReason::Skipped);
                    epochs.push(Vec::new());
                }
                other => panic!("{other:?}"),
            }
        }
        epochs
    };
    let epochs = tokio::select! {
        () = printing => panic!("it prints for ever"),
        epochs = reading => epochs,
    };
    for epoch in &epochs[..EPOCHS] {
        let numbers = numbers(epoch);
        assert!(numbers.len() > 100, "{} lines", numbers.len());
        let gap = numbers.windows(2).find(|pair| pair[1] != pair[0] + 1);
        assert_eq!(gap, None, "nobody told of this gap");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_types_and_leaves_at_once_has_typed() {
    let app = TestApp::new().await;
    let (_, _, mut viewer, mut ttyd) = live(&app).await;
    viewer.input(0, b"make deploy\r").await;
    viewer.socket.close(None).await.unwrap();
    assert_eq!(ttyd.typed(12).await, b"make deploy\r");
    assert_eq!(ttyd.next().await, None, "the leg is closed then");
    let page = app.state.metrics.encode().unwrap();
    assert!(page.contains("aiworker_terminal_input_unconfirmed_total 0"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_under_way_than_was_acknowledged() {
    let app = TestApp::new().await;
    let (_, _, mut viewer, mut ttyd) = live(&app).await;
    viewer.acks = false;
    ttyd.print(&[b'x'; 200_000]).await.unwrap();
    let mut came = 0;
    while came < WINDOW_FIRST - SCREEN.len() {
        let ServerFrame::Output { bytes, .. } = viewer.frame().await else { panic!("no output") };
        came += bytes.len();
    }
    // What is asked now is answered before more output comes.
    viewer.raw(vec![4, 1, 0, 0, 0]).await;
    assert!(matches!(viewer.frame().await, ServerFrame::Pong { .. }));
    let Resume { epoch, seq, .. } = viewer.resume;
    viewer.raw(ClientFrame::Ack { epoch, seq }.encode()).await;
    assert!(matches!(viewer.frame().await, ServerFrame::Output { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_arrives_whole_and_in_few_frames() {
    let app = TestApp::new().await;
    let (_, _, mut viewer, mut ttyd) = live(&app).await;
    let lines: String = (0..8_000).map(|line| format!("line {line}\r\n")).collect();
    let sending = lines.clone();
    tokio::spawn(async move {
        for chunk in sending.as_bytes().chunks(4095) {
            ttyd.print(chunk).await.unwrap();
        }
        ttyd.print(b"the end").await.unwrap();
        ttyd
    });
    let output = viewer.output_until("the end").await;
    assert_eq!(output.len(), lines.len() + "the end".len());
    assert!(output.starts_with(&lines));
}
