//! What the session does, told by what goes in and what comes out.

use domain::terminal::{EndCode, OUTPUT, OUTPUT_HEADER};
use proptest::prelude::*;

use super::*;

const SIZE: Size = Size { cols: 80, rows: 24 };

/// A session, its time and everything it did.
struct Run {
    session: Session,
    now: Instant,
}

impl Run {
    fn new() -> Self {
        let now = Instant::now();
        Self { session: Session::new(now), now }
    }

    /// A session through which bytes flow.
    fn live() -> Self {
        let mut run = Self::new();
        run.frame(ClientFrame::Hello(SIZE));
        run.session.on_attached(run.now);
        run.effects();
        run
    }

    fn frame(&mut self, frame: ClientFrame) {
        self.session.on_frame(Ok(frame), self.now);
    }

    fn typed(&mut self, bytes: &[u8]) {
        self.frame(ClientFrame::Input { seq: 0, bytes: bytes.to_vec() });
    }

    fn printed(&mut self, bytes: &[u8], backlog: usize) {
        let message = [b"0", bytes].concat();
        self.session.on_ttyd(&message, backlog, self.now);
    }

    fn wait(&mut self, duration: Duration) {
        self.now += duration;
        self.session.on_time(self.now);
    }

    fn effects(&mut self) -> Vec<Effect> {
        std::iter::from_fn(|| self.session.next_effect()).collect()
    }

    /// The last word, which must be the last two effects.
    fn end(&mut self) -> End {
        match self.effects().as_slice() {
            [.., Effect::ToBrowser(frame), Effect::End(Ending::Told(end))] => {
                assert_eq!(ServerFrame::decode(frame), Ok(ServerFrame::End(end.clone())));
                end.clone()
            }
            other => panic!("no last word in {other:?}"),
        }
    }
}

fn welcome() -> Effect {
    Effect::ToBrowser(ServerFrame::Welcome(Welcome { size: SIZE }).encode())
}

fn output(seq: u64, bytes: &[u8]) -> Effect {
    Effect::ToBrowser(encode_output(seq, bytes))
}

#[test]
fn hello_attaches_and_the_welcome_comes_before_what_was_typed_early() {
    let mut run = Run::new();
    run.frame(ClientFrame::Hello(SIZE));
    assert_eq!(run.effects(), [Effect::Attach { size: SIZE, after: Duration::ZERO }]);
    run.typed(b"ls\r");
    assert_eq!(run.effects(), []);
    run.session.on_attached(run.now);
    assert_eq!(run.effects(), [welcome(), Effect::ToTtyd(b"0ls\r".to_vec())]);
}

#[test]
fn what_breaks_the_protocol_ends_the_session_with_a_word() {
    let hello = || ClientFrame::Hello(SIZE);
    let breaks: [fn(&mut Run); 4] = [
        |run| run.typed(b"x"),
        |run| run.session.on_frame(Err(DecodeError::UnknownType(0x7f)), run.now),
        |run| run.session.on_frame(Err(DecodeError::TooLarge), run.now),
        |run| run.session.on_text(run.now),
    ];
    for breaks in breaks {
        let mut run = Run::new();
        breaks(&mut run);
        assert_eq!(run.end().code, EndCode::Protocol);
        run.frame(hello());
        assert_eq!(run.effects(), [], "nothing happens after the end");
    }
    let mut run = Run::live();
    run.frame(hello());
    assert_eq!(run.end().code, EndCode::Protocol);
}

#[test]
fn a_client_that_does_not_say_hello_is_not_waited_for() {
    let mut run = Run::new();
    assert_eq!(run.session.deadline(run.now), run.now + HELLO_DEADLINE);
    run.wait(HELLO_DEADLINE);
    assert_eq!(run.end().code, EndCode::Protocol);
}

#[test]
fn the_title_and_the_preferences_of_ttyd_go_nowhere() {
    let mut run = Run::live();
    run.session.on_ttyd(b"1bwrap --secret (host)", 0, run.now);
    run.session.on_ttyd(b"2{}", 0, run.now);
    assert_eq!(run.effects(), []);
}

#[test]
fn ttyd_that_closes_is_attached_again_and_the_screen_starts_over() {
    let mut run = Run::live();
    run.printed(b"one", 0);
    run.wait(STABLE_AFTER);
    run.effects();
    run.session.on_ttyd_gone(run.now);
    assert_eq!(run.effects(), [Effect::Attach { size: SIZE, after: Duration::ZERO }]);
    run.session.on_attached(run.now);
    run.printed(b"two", 0);
    assert_eq!(run.effects(), [welcome(), output(0, b"two")]);
}

#[test]
fn ttyd_that_never_answers_is_given_up_and_the_client_may_try_again() {
    let mut run = Run::new();
    run.frame(ClientFrame::Hello(SIZE));
    let mut pauses = Vec::new();
    loop {
        match run.effects().as_slice() {
            [Effect::Attach { after, .. }] => {
                pauses.push(after.as_millis());
                run.now += *after + Duration::from_millis(10);
                run.session.on_attach_failed(None, run.now);
            }
            [Effect::ToBrowser(_), Effect::End(Ending::Told(end))] => {
                assert_eq!((end.code, end.retry), (EndCode::Unreachable, true));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(pauses, [0, 250, 500, 1000, 2000, 2000, 2000, 2000, 2000]);
}

#[test]
fn a_terminal_that_closes_at_once_again_and_again_is_not_hammered() {
    let mut run = Run::new();
    run.frame(ClientFrame::Hello(SIZE));
    for _ in 0..20 {
        for effect in run.effects() {
            match effect {
                Effect::Attach { after, .. } => run.now += after,
                Effect::End(Ending::Told(end)) => return assert_eq!(end.code, EndCode::Unreachable),
                _ => {}
            }
        }
        run.session.on_attached(run.now);
        run.session.on_ttyd_gone(run.now);
    }
    panic!("it went on for ever");
}

#[test]
fn a_browser_that_does_not_read_costs_a_bounded_amount_and_gets_a_fresh_screen() {
    let mut run = Run::live();
    run.printed(&[b'x'; 4096], HOLD_MAX);
    assert_eq!(run.effects(), [Effect::Detach, Effect::DropOutput]);
    run.typed(b"^C");
    run.printed(b"late", 0);
    assert_eq!(run.effects(), []);
    run.session.on_browser_drained(run.now);
    assert_eq!(run.effects(), [Effect::Attach { size: SIZE, after: Duration::ZERO }]);
    run.session.on_attached(run.now);
    assert_eq!(run.effects(), [welcome(), Effect::ToTtyd(b"0^C".to_vec())]);
}

#[test]
fn much_output_at_once_is_no_reason_to_drop_it() {
    let mut run = Run::live();
    run.printed(&[b'x'; HOLD_MAX + 1], 0);
    assert!(
        matches!(run.effects().as_slice(), [Effect::ToBrowser(frame)] if frame.len() == HOLD_MAX + 1 + OUTPUT_HEADER)
    );
}

#[test]
fn too_much_typed_input_stops_the_reading() {
    let mut run = Run::new();
    run.frame(ClientFrame::Hello(SIZE));
    assert!(run.session.accepts_input());
    run.typed(&[b'x'; INPUT_HOLD_MAX]);
    assert!(!run.session.accepts_input());
    run.session.on_attached(run.now);
    assert!(run.session.accepts_input());
}

#[test]
fn both_legs_are_pinged_and_a_silent_browser_is_dead() {
    let mut run = Run::live();
    for _ in 0..2 {
        run.wait(PING_EVERY);
        run.session.on_ttyd_sign(run.now);
        assert_eq!(run.effects(), [Effect::Ping]);
    }
    run.wait(PING_EVERY);
    assert_eq!(run.effects(), [Effect::End(Ending::Gone)]);
}

#[test]
fn a_silent_ttyd_is_dialled_again() {
    let mut run = Run::live();
    run.wait(DEAD_AFTER / 2);
    run.session.on_browser_sign(run.now);
    run.effects();
    run.wait(DEAD_AFTER / 2);
    assert_eq!(run.effects(), [Effect::Detach, Effect::Attach { size: SIZE, after: Duration::ZERO }]);
}

#[test]
fn the_last_output_comes_before_the_last_word() {
    let mut run = Run::live();
    run.printed(b"a", 0);
    run.printed(b"b", 0);
    run.session.end(end::draining(), run.now);
    let effects = run.effects();
    assert_eq!(&effects[..2], [output(0, b"a"), output(1, b"b")]);
    assert!(matches!(&effects[2..], [Effect::ToBrowser(_), Effect::End(Ending::Told(end))] if end.retry));
}

#[test]
fn the_size_asked_for_while_attaching_is_sent_once_attached() {
    let mut run = Run::new();
    run.frame(ClientFrame::Hello(SIZE));
    run.effects();
    let wide = Size { cols: 200, rows: 50 };
    run.frame(ClientFrame::Resize(wide));
    assert_eq!(run.effects(), []);
    run.session.on_attached(run.now);
    let welcome = Effect::ToBrowser(ServerFrame::Welcome(Welcome { size: wide }).encode());
    assert_eq!(run.effects(), [welcome, Effect::ToTtyd(ttyd::encode_resize(200, 50))]);
}

#[derive(Debug, Clone)]
enum Step {
    Printed(Vec<u8>),
    Typed(Vec<u8>),
    Resized(u16),
    Waited(u16),
    TtydGone,
    Attached,
    AttachFailed,
    Stalled,
    Drained,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<Vec<u8>>().prop_map(Step::Printed),
        2 => any::<Vec<u8>>().prop_map(Step::Typed),
        1 => (10_u16..500).prop_map(Step::Resized),
        2 => (0_u16..3000).prop_map(Step::Waited),
        1 => Just(Step::TtydGone),
        3 => Just(Step::Attached),
        1 => Just(Step::AttachFailed),
        1 => Just(Step::Stalled),
        1 => Just(Step::Drained),
    ]
}

proptest! {
    /// Whatever happens in whatever order: output of one welcome is numbered without a gap, nothing follows the end, at
    /// most one attempt to attach is under way, and what is typed reaches ttyd in order and once.
    #[test]
    fn the_promises_hold_in_any_order_of_events(steps in prop::collection::vec(step(), 0..60)) {
        let mut run = Run::live();
        let (mut expected_seq, mut over, mut attaching) = (0, false, false);
        let (mut typed, mut forwarded) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Printed(bytes) => run.printed(&bytes, 0),
                Step::Typed(bytes) => {
                    if !over { typed.extend_from_slice(&bytes); }
                    run.typed(&bytes);
                }
                Step::Resized(cols) => run.frame(ClientFrame::Resize(Size { cols, rows: 24 })),
                Step::Waited(millis) => run.wait(Duration::from_millis(millis.into())),
                Step::TtydGone => run.session.on_ttyd_gone(run.now),
                Step::Attached => { attaching = false; run.session.on_attached(run.now); }
                Step::AttachFailed => { attaching = false; run.session.on_attach_failed(None, run.now); }
                Step::Stalled => run.printed(b"x", HOLD_MAX),
                Step::Drained => run.session.on_browser_drained(run.now),
            }
            for effect in run.effects() {
                prop_assert!(!over, "{effect:?} came after the end");
                match effect {
                    Effect::ToBrowser(frame) if frame[0] == OUTPUT => {
                        let Ok(ServerFrame::Output { seq, bytes }) = ServerFrame::decode(&frame) else { panic!() };
                        prop_assert_eq!(seq, expected_seq);
                        expected_seq += bytes.len() as u64;
                    }
                    Effect::ToBrowser(frame) => {
                        if matches!(ServerFrame::decode(&frame), Ok(ServerFrame::Welcome(_))) { expected_seq = 0; }
                    }
                    Effect::ToTtyd(frame) => {
                        if frame[0] == b'0' { forwarded.extend_from_slice(&frame[1..]); }
                    }
                    Effect::Attach { .. } => {
                        prop_assert!(!attaching, "two attempts at one time");
                        attaching = true;
                    }
                    Effect::Detach => attaching = false,
                    Effect::End(_) => over = true,
                    Effect::DropOutput | Effect::Ping => {}
                }
            }
        }
        prop_assert!(typed.starts_with(&forwarded));
    }
}
