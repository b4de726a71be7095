//! What the session does, told by what goes in and what comes out. `world` lets anything happen in any order.

mod greeting;
mod handover;
mod world;

use domain::{
    terminal::{ClientFrame, DecodeError, EndCode, Mode, OUTPUT, Reset, Resume, Welcome, encode_output},
    ttyd,
};

use super::*;
use crate::terminal::limits::{
    BURST_OVER, HISTORY_EVERY, HOLD_MAX, INPUT_ACK_AFTER, INPUT_LINGER, RELAYOUT_AFTER, STABLE_AFTER, WINDOW_FIRST,
};

const SIZE: Size = Size { cols: 80, rows: 24 };
const KEEP: Duration = Duration::from_secs(60);
const GREETING: &[u8] = b"\x1b_aiworker hello 1\x1b\\";
/// Of an agent that takes receipts.
const GREETING_2: &[u8] = b"\x1b_aiworker hello 2\x1b\\";
const SHELL: &[u8] = b"\x1b_aiworker session 1.$0.2\x1b\\";
const SCREEN: &[u8] = b"\x1b_aiworker screen\x1b\\";

/// A session, its time and everything it did.
struct Run {
    session: Session,
    now: Instant,
}

fn hello() -> Hello {
    Hello { size: SIZE, mode: Mode::Drive, resume: None }
}

impl Run {
    fn new() -> Self {
        let now = Instant::now();
        Self { session: Session::new("key".into(), &hello(), KEEP, now), now }
    }

    /// A session through which bytes flow.
    fn live() -> Self {
        let mut run = Self::new();
        run.attach();
        run.effects();
        run
    }

    /// The agent's side answers, and shows `$`.
    fn attach(&mut self) {
        self.session.on_attached(self.now);
        for piece in [GREETING, SHELL, SCREEN, b"$"] {
            self.printed(piece);
        }
    }

    fn frame(&mut self, frame: ClientFrame) {
        self.session.on_frame(Ok(frame), self.now);
    }

    fn typed(&mut self, seq: u32, bytes: &[u8]) {
        self.frame(ClientFrame::Input { seq, bytes: bytes.to_vec() });
    }

    fn ack(&mut self, seq: u64) {
        let epoch = self.session.epoch;
        self.frame(ClientFrame::Ack { epoch, seq });
    }

    fn printed(&mut self, bytes: &[u8]) {
        self.session.on_ttyd(&[b"0", bytes].concat(), self.now);
    }

    fn wait(&mut self, duration: Duration) {
        self.now += duration;
        self.session.on_time(self.now);
    }

    fn come_back(&mut self, epoch: u32, seq: u64) {
        let resume = Some(Resume { session: "key".into(), epoch, seq });
        self.session.on_return(&Hello { resume, ..hello() }, self.now);
    }

    /// What was done, but for what is only counted.
    fn effects(&mut self) -> Vec<Effect> {
        let all = std::iter::from_fn(|| self.session.next_effect());
        all.filter(|effect| !matches!(effect, Effect::Note(_))).collect()
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

fn welcome(epoch: u32, seq: u64, input: u32) -> Effect {
    let welcome = Welcome { session: "key".into(), epoch, seq, input, size: SIZE, mode: Mode::Drive };
    Effect::ToBrowser(ServerFrame::Welcome(welcome).encode())
}

fn reset(epoch: u32, reason: ResetReason) -> Effect {
    Effect::ToBrowser(ServerFrame::Reset(Reset { epoch, reason, input_lost: false }).encode())
}

fn output(seq: u64, bytes: &[u8]) -> Effect {
    Effect::ToBrowser(encode_output(seq, bytes))
}

fn input_ack(next: u32) -> Effect {
    Effect::ToBrowser(ServerFrame::InputAck(next).encode())
}

fn attach_now() -> Effect {
    Effect::Attach { size: SIZE, after: Duration::ZERO }
}

fn to_ttyd(bytes: &[u8]) -> Effect {
    Effect::ToTtyd(ttyd::encode_input(bytes))
}

#[test]
fn what_breaks_the_protocol_ends_the_session_with_a_word() {
    type Break = fn(&mut Run);
    let breaks: [(Break, &str); 7] = [
        (|run| run.session.on_frame(Err(DecodeError::UnknownType(0x7f)), run.now), "0x7f"),
        (|run| run.session.on_frame(Err(DecodeError::TooLarge), run.now), "larger"),
        (|run| run.session.on_text(run.now), "text"),
        (|run| run.frame(ClientFrame::Hello(hello())), "twice"),
        (|run| run.typed(1, b"x"), "missing"),
        (|run| run.ack(7), "never sent"),
        (
            |run| {
                run.session.mode = Mode::Watch;
                run.typed(0, b"x");
            },
            "watches",
        ),
    ];
    for (breaks, says) in breaks {
        let mut run = Run::live();
        breaks(&mut run);
        let end = run.end();
        assert_eq!(end.code, EndCode::Protocol);
        assert!(end.message.contains(says), "{end:?}");
        run.typed(0, b"x");
        assert_eq!(run.effects(), [], "nothing happens after the end");
    }
}

#[test]
fn the_title_and_the_preferences_of_ttyd_go_nowhere() {
    let mut run = Run::live();
    run.session.on_ttyd(b"1bwrap --secret (host)", run.now);
    run.session.on_ttyd(b"2{}", run.now);
    assert_eq!(run.effects(), []);
}

#[test]
fn ttyd_that_closes_is_attached_again_and_the_screen_starts_over_when_the_new_one_comes() {
    let mut run = Run::live();
    run.wait(STABLE_AFTER);
    run.effects();
    run.session.on_ttyd_gone(run.now);
    run.typed(0, b"x");
    assert_eq!(run.effects(), [attach_now()]);
    run.attach();
    let effects = run.effects();
    assert_eq!(effects[1..], [reset(2, ResetReason::Reattached), to_ttyd(b"x"), output(0, b"$"), input_ack(1)]);
}

#[test]
fn nothing_that_was_typed_reaches_another_shell() {
    let mut run = Run::live();
    run.session.on_ttyd_gone(run.now);
    run.typed(0, b"rm -r build\r");
    run.effects();
    run.session.on_attached(run.now);
    run.printed(GREETING);
    run.printed(b"\x1b_aiworker session 9.$0.9\x1b\\");
    run.printed(&[SCREEN, b"$"].concat());
    let lost = Reset { epoch: 2, reason: ResetReason::Reattached, input_lost: true };
    let lost = Effect::ToBrowser(ServerFrame::Reset(lost).encode());
    assert_eq!(run.effects()[1..], [lost, output(0, b"$"), input_ack(1)], "taken over, and said to be lost");
}

#[test]
fn ttyd_that_never_answers_is_given_up_and_the_client_may_try_again() {
    let mut run = Run::new();
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
fn no_more_is_under_way_than_the_window_and_the_rest_follows_the_acknowledgements() {
    let mut run = Run::live();
    run.printed(&[b'x'; HOLD_MAX]);
    let sent: usize = run.effects().iter().map(sent_bytes).sum();
    assert_eq!(sent, WINDOW_FIRST - 1, "one byte was under way already");
    run.now += Duration::from_millis(10);
    run.ack(WINDOW_FIRST as u64);
    assert!(run.effects().iter().map(sent_bytes).sum::<usize>() >= WINDOW_FIRST);
}

fn sent_bytes(effect: &Effect) -> usize {
    match effect {
        Effect::ToBrowser(frame) if frame[0] == OUTPUT => frame.len() - domain::terminal::OUTPUT_HEADER,
        _ => 0,
    }
}

#[test]
fn a_browser_that_is_behind_gets_a_fresh_screen_and_can_type_meanwhile() {
    let mut run = Run::live();
    run.printed(&[b'x'; HOLD_MAX]);
    run.effects();
    run.printed(&[b'x'; WINDOW_FIRST + 1]);
    assert_eq!(run.effects(), [], "it is left out");
    run.typed(0, b"ls");
    assert_eq!(run.effects(), [to_ttyd(b"ls")]);
    run.wait(INPUT_ACK_AFTER);
    assert_eq!(run.effects(), [input_ack(1)]);
    run.ack(WINDOW_FIRST as u64);
    assert_eq!(run.effects(), [Effect::Drain, attach_now()]);
    run.session.on_drained(true, run.now);
    run.attach();
    assert!(run.effects().contains(&reset(2, ResetReason::Skipped)));
}

#[test]
fn an_interrupt_does_not_wait_behind_what_it_interrupts() {
    let mut run = Run::live();
    run.printed(&[b'x'; HOLD_MAX]);
    run.effects();
    run.typed(0, b"\x03");
    assert_eq!(run.effects(), [to_ttyd(b"\x03")]);
    run.printed(b"^C");
    run.ack(WINDOW_FIRST as u64);
    assert_eq!(run.effects(), [Effect::Drain, attach_now()], "the screen is painted anew without what waited");
}

#[test]
fn lines_that_tmux_left_out_come_with_the_history_once_it_is_quiet() {
    let mut run = Run::live();
    run.wait(HISTORY_EVERY);
    run.effects();
    run.printed(&[b"1\r\n".as_slice(), &[b'\n'; SIZE.rows as usize], b"25"].concat());
    run.ack(30);
    run.wait(BURST_OVER / 2);
    assert_eq!(run.effects().iter().map(sent_bytes).sum::<usize>(), 29);
    run.wait(BURST_OVER / 2);
    assert_eq!(run.effects(), [attach_now()]);
    run.attach();
    assert!(run.effects().contains(&reset(2, ResetReason::History)));
    // What is left out next has to wait, for whoever reads back would be disturbed.
    run.printed(&[b'\n'; SIZE.rows as usize]);
    run.ack(25);
    run.wait(BURST_OVER);
    assert_eq!(run.effects().iter().filter(|effect| matches!(effect, Effect::Attach { .. })).count(), 0);
    run.wait(HISTORY_EVERY);
    assert_eq!(run.effects(), [attach_now()]);
}

#[test]
fn a_history_that_moved_on_before_tmux_was_attached_is_fetched_anew() {
    let mut run = Run::new();
    run.session.on_attached(run.now);
    for piece in [GREETING, SHELL, SCREEN, b"\x1b[H\x1b[2J\x1b_aiworker moved\x1b\\$"] {
        run.printed(piece);
    }
    run.ack(26);
    run.effects();
    run.wait(HISTORY_EVERY);
    assert_eq!(run.effects(), [attach_now()]);
    run.attach();
    assert!(run.effects().contains(&reset(2, ResetReason::History)));
}

#[test]
fn a_short_loss_goes_on_where_it_was() {
    let mut run = Run::live();
    run.printed(b"one");
    run.session.on_browser_lost(run.now);
    run.effects();
    run.wait(KEEP / 2);
    run.printed(b"two");
    assert_eq!(run.effects().iter().map(sent_bytes).sum::<usize>(), 0);
    // `$on` arrived, the rest did not.
    run.come_back(1, 3);
    assert_eq!(run.effects(), [welcome(1, 3, 0), output(3, b"etwo")]);
    // A connection that nobody saw die is replaced.
    run.come_back(1, 6);
    assert_eq!(run.effects(), [welcome(1, 6, 0), output(6, b"o")]);
}

#[test]
fn a_long_loss_or_a_wrong_place_starts_over() {
    let mut run = Run::live();
    run.session.on_browser_lost(run.now);
    run.printed(&[b'x'; HOLD_MAX + 1]);
    assert_eq!(run.effects(), [Effect::Detach], "what nobody can go on from is not kept");
    run.come_back(1, 1);
    assert_eq!(run.effects(), [attach_now()]);
    run.attach();
    assert!(run.effects().contains(&welcome(2, 0, 0)));

    run.ack(1);
    run.come_back(2, 0);
    assert_eq!(run.effects(), [attach_now()], "that was forgotten already");

    let mut run = Run::live();
    run.session.on_browser_lost(run.now);
    run.effects();
    run.wait(KEEP.saturating_sub(Duration::from_secs(1)));
    run.wait(Duration::from_secs(1));
    assert_eq!(run.effects().last(), Some(&Effect::End(Ending::Gone)));
}

#[test]
fn input_is_acknowledged_along_with_its_echo_or_soon() {
    let mut run = Run::live();
    run.typed(0, b"a");
    run.typed(1, b"b");
    assert_eq!(run.effects(), [to_ttyd(b"a"), to_ttyd(b"b")]);
    run.printed(b"ab");
    assert_eq!(run.effects(), [output(1, b"ab"), input_ack(2)]);
    run.typed(2, b"secret");
    assert_eq!(run.effects(), [to_ttyd(b"secret")]);
    assert!(run.session.deadline(run.now) <= run.now + INPUT_ACK_AFTER);
    run.wait(INPUT_ACK_AFTER);
    assert_eq!(run.effects(), [input_ack(3)]);
    assert!(run.session.deadline(run.now) > run.now + INPUT_ACK_AFTER);
}

#[test]
fn what_is_sent_twice_is_typed_once() {
    let mut run = Run::live();
    run.typed(0, b"a");
    run.typed(1, b"b");
    run.session.on_browser_lost(run.now);
    run.come_back(1, 1);
    run.typed(1, b"b");
    run.typed(2, b"c");
    let typed: Vec<Effect> = run.effects().into_iter().filter(|effect| matches!(effect, Effect::ToTtyd(_))).collect();
    assert_eq!(typed, [to_ttyd(b"a"), to_ttyd(b"b"), to_ttyd(b"c")]);
}

#[test]
fn too_much_typed_input_stops_the_reading() {
    let mut run = Run::new();
    assert!(run.session.accepts_input());
    run.typed(0, &[b'x'; INPUT_HOLD_MAX]);
    assert!(!run.session.accepts_input());
    run.attach();
    assert!(run.session.accepts_input());
}

#[test]
fn a_long_history_waits_in_the_agent() {
    let mut run = Run::new();
    run.session.on_attached(run.now);
    run.printed(&[GREETING, SHELL].concat());
    run.printed(&[b'x'; PRELUDE_HOLD + WINDOW_FIRST]);
    assert!(!run.session.accepts_output());
    run.now += Duration::from_millis(5);
    run.ack(WINDOW_FIRST as u64);
    assert!(run.session.accepts_output());
}

#[test]
fn both_legs_are_pinged_and_a_silent_browser_is_away() {
    let mut run = Run::live();
    for _ in 0..2 {
        run.wait(PING_EVERY);
        run.session.on_ttyd_pong(run.now);
        assert_eq!(run.effects(), [Effect::Ping]);
    }
    run.wait(PING_EVERY);
    assert_eq!(run.effects()[0], Effect::DropBrowser);
    run.session.on_ttyd_sign(run.now);
    run.come_back(1, 1);
    assert!(run.effects().contains(&welcome(1, 1, 0)), "and may come back");
}

#[test]
fn a_silent_ttyd_is_dialled_again() {
    let mut run = Run::live();
    run.wait(DEAD_AFTER / 2);
    run.session.on_browser_sign(run.now);
    run.effects();
    run.wait(DEAD_AFTER / 2);
    let effects = run.effects();
    assert_eq!(effects[..2], [Effect::Detach, attach_now()]);
}

#[test]
fn the_last_output_comes_before_the_last_word() {
    let mut run = Run::live();
    run.printed(&[b'a'; 2 * WINDOW_FIRST]);
    run.session.end(end::draining(5), run.now);
    let effects = run.effects();
    assert_eq!(effects.iter().map(sent_bytes).sum::<usize>(), 2 * WINDOW_FIRST);
    assert!(
        matches!(&effects[effects.len() - 2..], [Effect::ToBrowser(_), Effect::End(Ending::Told(end))] if end.retry)
    );
}

#[test]
fn a_new_size_is_sent_at_once_and_laid_out_anew_once_it_has_settled() {
    let mut run = Run::live();
    let wide = Size { cols: 200, rows: 50 };
    run.frame(ClientFrame::Resize(wide));
    assert_eq!(run.effects(), [Effect::ToTtyd(ttyd::encode_resize(200, 50))]);
    run.wait(RELAYOUT_AFTER);
    assert_eq!(run.effects(), [Effect::Attach { size: wide, after: Duration::ZERO }]);
    run.attach();
    assert!(run.effects().contains(&reset(2, ResetReason::Resized)));
}

#[test]
fn what_tmux_asks_of_the_terminal_is_answered_here_and_by_no_viewer() {
    let mut run = Run::live();
    run.printed(b"\x1b[H\x1b[>c\x1b[>q\x1b[2;1H");
    assert_eq!(run.effects(), [to_ttyd(b"\x1b[>0;276;0c"), output(1, b"\x1b[H\x1b[2;1H")]);
    // An answer is not typed: the leg needs not drain. The next attachment asks anew, whatever this one had begun to say.
    run.printed(b"\x1b[");
    run.session.repaint(ResetReason::History, run.now);
    assert_eq!(run.effects(), [attach_now()]);
    run.attach();
    run.effects();
    run.printed(b">c");
    assert_eq!(run.effects(), [output(1, b">c")]);
}
