//! What is not a frame, or comes at the wrong time: a clear last word and close code 4400.

use domain::terminal::{CLIENT_FRAME_MAX, EndCode};
use tokio_tungstenite::tungstenite::Message;

use super::{FakeTtyd, TestApp, live, running_agent, viewer::Viewer};

async fn expect_protocol_end(viewer: &mut Viewer, part: &str) {
    let (end, close) = viewer.end().await;
    assert_eq!((end.code, end.retry, close), (EndCode::Protocol, false, 4400));
    assert!(end.message.contains(part), "{:?} does not say {part:?}", end.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_before_hello_end_the_session() {
    let app = TestApp::new().await;
    let (browser, agent) = running_agent(&app).await;
    let frames: [&[u8]; 3] = [b"\x01\0\0\0\0ls\r", b"\x02{\"cols\":80,\"rows\":24}", b"\x04\0\0\0\0"];
    for frame in frames {
        let mut viewer = Viewer::connect(app.address, &browser, agent).await.unwrap();
        viewer.raw(frame.to_vec()).await;
        expect_protocol_end(&mut viewer, "hello").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_frame_ends_the_session() {
    let app = TestApp::new().await;
    let (browser, agent, viewer, _ttyd) = live(&app).await;
    drop(viewer);
    let bad: [(Message, &str); 7] = [
        (Message::Binary(vec![].into()), "empty"),
        (Message::Binary(vec![0x7f, 1, 2].into()), "unknown frame type 0x7f"),
        (Message::Binary(vec![0x01, 0].into()), "too short"),
        (Message::Binary(b"\x02[]".to_vec().into()), "JSON"),
        (Message::Binary(b"\x05{\"cols\":80,\"rows\":24}".to_vec().into()), "twice"),
        (Message::Text("hello".into()), "text"),
        (Message::Binary(vec![0x01; CLIENT_FRAME_MAX + 1].into()), "larger than 65536 bytes"),
    ];
    for (message, part) in bad {
        let mut viewer = Viewer::connect(app.address, &browser, agent).await.unwrap();
        viewer.hello(80, 24).await;
        let _ttyd = FakeTtyd::accept(&app).await;
        viewer.welcome().await;
        viewer.message(message).await;
        expect_protocol_end(&mut viewer, part).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_huge_message_is_refused_before_it_is_read() {
    let app = TestApp::new().await;
    let (_, _, viewer, mut ttyd) = live(&app).await;
    let (sink, mut stream) = futures::StreamExt::split(viewer.socket);
    let sending = tokio::spawn(async move {
        let mut sink = sink;
        // The server hangs up in the middle.
        let _ = futures::SinkExt::send(&mut sink, Message::Binary(vec![0x01; 8 << 20].into())).await;
    });
    let first = futures::StreamExt::next(&mut stream).await;
    if let Some(Ok(Message::Binary(frame))) = first {
        assert!(String::from_utf8_lossy(&frame).contains("larger than 65536 bytes"));
    }
    assert_eq!(ttyd.next().await, None, "none of it went to the agent");
    sending.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn impossible_sizes_become_possible_ones() {
    let app = TestApp::new().await;
    let (browser, agent) = running_agent(&app).await;
    for (asked, given) in [((0, 0), (10, 3)), ((-5, -5), (10, 3)), ((70_000, 70_000), (500, 200))] {
        let mut viewer = Viewer::connect(app.address, &browser, agent).await.unwrap();
        viewer.hello(asked.0, asked.1).await;
        let mut ttyd = FakeTtyd::accept(&app).await;
        assert_eq!((ttyd.init["columns"].as_i64(), ttyd.init["rows"].as_i64()), (Some(given.0), Some(given.1)));
        let size = viewer.welcome().await;
        assert_eq!((i64::from(size.cols), i64::from(size.rows)), given);
        viewer.resize(100, 30).await;
        assert_eq!(ttyd.next().await.unwrap(), b"1{\"columns\":100,\"rows\":30}");
        viewer.resize(asked.0, asked.1).await;
        assert_eq!(ttyd.next().await.unwrap(), format!("1{{\"columns\":{},\"rows\":{}}}", given.0, given.1).as_bytes());
    }
}
