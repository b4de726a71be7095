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
    run.printed(b"\x1b_aiworker hello 2\x1b\\");
    assert_eq!(run.effects(), [to_ttyd(b": attach 5000 524288 drive receipt\n")]);
    run.typed(0, b"ls\r");
    run.printed(&[SHELL, b"history"].concat());
    run.effects();
    run.printed(SCREEN);
    assert_eq!(run.effects(), [to_ttyd(b": received\n")]);
    run.printed(b"screen");
    assert_eq!(run.effects(), [to_ttyd(b"ls\r"), output(7, b"screen")], "what was typed comes after it");
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
