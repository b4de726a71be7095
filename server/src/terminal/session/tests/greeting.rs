//! How an attachment begins: what is asked, what the agent says before its screen, and what waits meanwhile.

use super::*;

#[test]
fn hello_attaches_and_what_was_typed_early_waits_for_tmux() {
    let mut run = Run::new();
    assert_eq!(run.effects(), [attach_now()]);
    run.typed(0, b"ls\r");
    assert_eq!(run.effects(), []);
    run.session.on_attached(run.now);
    run.printed(GREETING);
    assert_eq!(run.effects(), [to_ttyd(b": attach 5000 524288 drive\n")]);
    run.printed(&[SHELL, b"history"].concat());
    assert_eq!(run.effects(), [welcome(1, 0, 1), output(0, b"history")]);
    run.printed(SCREEN);
    assert_eq!(run.effects(), []);
    run.printed(b"screen");
    assert_eq!(run.effects(), [to_ttyd(b"ls\r"), output(7, b"screen")]);
}

#[test]
fn an_agent_that_takes_a_receipt_gets_it_when_its_history_has_come() {
    let mut run = Run::new();
    run.effects();
    run.session.on_attached(run.now);
    run.printed(GREETING_2);
    assert_eq!(run.effects(), [to_ttyd(b": attach 5000 524288 drive receipt\n")]);
    run.typed(0, b"ls\r");
    run.printed(&[SHELL, b"history"].concat());
    run.effects();
    run.printed(SCREEN);
    assert_eq!(run.effects(), [to_ttyd(b": received\n")]);
    run.printed(b"screen");
    assert_eq!(run.effects(), [to_ttyd(b"ls\r"), output(7, b"screen")], "what was typed comes after it");
}

/// Nothing more is read of the agent meanwhile, so it cannot be heard.
#[test]
fn a_history_that_nobody_takes_for_long_is_neither_cut_short_nor_a_sign_of_death() {
    let mut run = Run::new();
    run.session.on_attached(run.now);
    run.printed(&[GREETING_2, SHELL].concat());
    run.printed(&[b'x'; PRELUDE_HOLD + WINDOW_FIRST]);
    run.effects();
    for _ in 0..DEAD_AFTER.as_secs() / 10 {
        run.wait(Duration::from_secs(10));
        run.session.on_browser_pong(run.now);
    }
    assert!(run.effects().iter().all(|effect| *effect == Effect::Ping), "it is waited for");
    run.ack(WINDOW_FIRST as u64);
    run.wait(Duration::from_secs(1));
    assert!(run.session.accepts_output());
    run.effects();
    run.printed(SCREEN);
    assert_eq!(run.effects(), [to_ttyd(b": received\n")]);
}

/// attach.sh waits five seconds for its request. One that came later would be typed into the program.
#[test]
fn a_new_leg_is_answered_while_output_of_the_old_one_waits() {
    let mut run = Run::live();
    run.ack(1);
    run.printed(&[b'x'; PRELUDE_HOLD + 2 * WINDOW_FIRST]);
    run.session.repaint(ResetReason::Resized, run.now);
    run.effects();
    run.session.on_attached(run.now);
    assert!(run.session.accepts_output(), "its greeting is read");
    run.printed(GREETING_2);
    assert!(matches!(run.effects().as_slice(), [Effect::ToTtyd(_)]), "and answered");
    let waiting = run.session.outbox.waiting();
    run.printed(b"before its history");
    assert_eq!(run.session.outbox.waiting(), waiting, "which nobody has to keep");
    run.printed(SHELL);
    run.printed(&[b'x'; PRELUDE_HOLD + WINDOW_FIRST]);
    assert!(!run.session.accepts_output(), "its history waits");
}

/// A busy machine takes its time. What would be typed meanwhile would be lost when tmux attaches.
#[test]
fn an_agent_that_has_greeted_says_itself_when_its_screen_comes() {
    let mut run = Run::new();
    run.session.on_attached(run.now);
    run.printed(&[GREETING_2, SHELL].concat());
    run.typed(0, b"ls\r");
    run.effects();
    run.wait(2 * GREETING_WAIT);
    assert!(!run.effects().iter().any(|effect| matches!(effect, Effect::ToTtyd(_))), "nothing is typed yet");
    run.printed(SCREEN);
    assert_eq!(run.effects(), [to_ttyd(b": received\n")]);
    run.printed(b"screen");
    assert!(run.effects().contains(&to_ttyd(b"ls\r")));
}

/// ttyd is there, and its pongs come.
#[test]
fn an_agent_whose_tmux_does_not_answer_is_said_to_be_unreachable() {
    for said in [&[GREETING_2][..], &[GREETING_2, SHELL, b"history", SCREEN]] {
        let mut run = Run::new();
        run.session.on_attached(run.now);
        run.printed(&said.concat());
        for _ in 0..2 {
            run.wait(GREETED_DEADLINE / 3);
            run.session.on_ttyd_pong(run.now);
        }
        assert!(!run.session.is_over);
        run.wait(GREETED_DEADLINE / 3);
        assert_eq!(run.end().code, EndCode::Unreachable);
    }
}

#[test]
fn an_agent_that_knows_no_requests_is_shown_as_it_is() {
    let mut run = Run::new();
    run.effects();
    run.session.on_attached(run.now);
    run.printed(b"history and screen");
    assert_eq!(run.effects(), [welcome(1, 0, 0), output(0, b"history and screen")]);

    let mut run = Run::new();
    run.effects();
    run.session.on_attached(run.now);
    run.wait(GREETING_WAIT);
    assert_eq!(run.effects(), [welcome(1, 0, 0)], "one that says nothing at all is there, too");
}
