//! Every frame survives the wire, and nothing that is not one gets through.

use proptest::prelude::*;

use super::*;

fn hello(size: Size) -> Hello {
    Hello { size, mode: Mode::Drive, resume: None }
}

#[test]
fn sizes_are_clamped_whatever_is_asked() {
    for (asked, given) in
        [((0, 0), (10, 3)), ((-5, -5), (10, 3)), ((70_000, 70_000), (500, 200)), ((120, 40), (120, 40))]
    {
        let frame = format!("\u{5}{{\"cols\":{},\"rows\":{}}}", asked.0, asked.1);
        let size = Size { cols: given.0, rows: given.1 };
        assert_eq!(ClientFrame::decode(frame.as_bytes()), Ok(ClientFrame::Hello(hello(size))));
    }
}

#[test]
fn what_is_written_is_what_the_document_says() {
    let size = Size { cols: 80, rows: 24 };
    let resume = Some(Resume { session: "5e".into(), epoch: 2, seq: 7 });
    let frame = ClientFrame::Hello(Hello { size, mode: Mode::Watch, resume }).encode();
    let json = r#"{"cols":80,"rows":24,"mode":"watch","resume":{"session":"5e","epoch":2,"seq":7}}"#;
    assert_eq!(String::from_utf8(frame).unwrap(), format!("\u{5}{json}"));
    let ack = ClientFrame::Ack { epoch: 1, seq: 258 }.encode();
    assert_eq!(ack, [3, 1, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0]);
    let pong = ServerFrame::Pong { number: 1, agent: 256 }.encode();
    assert_eq!(pong, [0x84, 1, 0, 0, 0, 0, 1, 0, 0]);
    let reset = ServerFrame::Reset(Reset { epoch: 3, reason: ResetReason::Skipped, input_lost: false }).encode();
    assert_eq!(&reset[1..], br#"{"epoch":3,"reason":"skipped","input_lost":false}"#);
}

#[test]
fn broken_frames_say_what_is_wrong() {
    assert_eq!(ClientFrame::decode(b""), Err(DecodeError::Empty));
    assert_eq!(ClientFrame::decode(&[0x7f]), Err(DecodeError::UnknownType(0x7f)));
    assert_eq!(ClientFrame::decode(&[1, 1, 2]), Err(DecodeError::Short(1)));
    assert_eq!(ClientFrame::decode(&[3, 1, 0, 0, 0, 9]), Err(DecodeError::Short(3)));
    assert_eq!(ClientFrame::decode(b"\x05{}"), Err(DecodeError::Json(5)));
    assert_eq!(ClientFrame::decode(&vec![1; CLIENT_FRAME_MAX + 1]), Err(DecodeError::TooLarge));
}

proptest! {
    #[test]
    fn client_frames_survive_the_wire(seq: u32, parsed: u64, bytes: Vec<u8>, session: String, cols in 10_u16..=500, rows in 3_u16..=200) {
        let size = Size { cols, rows };
        let resume = Some(Resume { session, epoch: seq, seq: parsed });
        for frame in [
            ClientFrame::Hello(hello(size)), ClientFrame::Hello(Hello { size, mode: Mode::Watch, resume }),
            ClientFrame::Resize(size), ClientFrame::Ping(seq), ClientFrame::Ack { epoch: seq, seq: parsed },
            ClientFrame::Input { seq, bytes },
        ] {
            prop_assert_eq!(ClientFrame::decode(&frame.encode()), Ok(frame));
        }
    }

    #[test]
    fn server_frames_survive_the_wire(seq: u64, number: u32, bytes: Vec<u8>, message: String) {
        let size = Size { cols: 80, rows: 24 };
        let welcome = Welcome { session: message.clone(), epoch: number, seq, input: number, size, mode: Mode::Drive };
        for frame in [
            ServerFrame::Output { seq, bytes }, ServerFrame::Pong { number, agent: number }, ServerFrame::Welcome(welcome),
            ServerFrame::Reset(Reset { epoch: number, reason: ResetReason::Resized, input_lost: true }),
            ServerFrame::Status(Status { attached: true, drivers: number, watchers: 0 }), ServerFrame::InputAck(number),
            ServerFrame::End(End { code: EndCode::NotRunning, message, retry: false, retry_after_ms: number }),
        ] {
            prop_assert_eq!(ServerFrame::decode(&frame.encode()), Ok(frame));
        }
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes: Vec<u8>) {
        let _ = ClientFrame::decode(&bytes);
        let _ = ServerFrame::decode(&bytes);
    }
}
