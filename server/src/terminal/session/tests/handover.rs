//! From one leg to ttyd to the next.

use super::*;

#[test]
fn a_leg_is_closed_once_it_has_taken_the_keys_and_no_later_key_overtakes_them() {
    let mut run = Run::live();
    run.typed(0, b"make");
    run.wait(INPUT_ACK_AFTER);
    run.effects();
    run.session.repaint(ResetReason::History, run.now);
    assert_eq!(run.effects(), [Effect::Drain, attach_now()]);
    run.session.on_attached(run.now);
    run.printed(GREETING);
    run.typed(1, b"\r");
    assert_eq!(run.effects(), [], "the old leg still has keys, and the size of the window");
    run.session.on_drained(true);
    assert!(matches!(run.effects().as_slice(), [Effect::ToTtyd(request)] if request.starts_with(b"0: attach ")));
    run.printed(SHELL);
    assert_eq!(run.effects(), [Effect::Close, reset(2, ResetReason::History)], "tmux has read them");
    run.printed(&[SCREEN, b"$"].concat());
    assert_eq!(run.effects()[0], to_ttyd(b"\r"));
    // Whoever types and leaves at once has typed.
    run.session.on_browser_left();
    assert_eq!(run.effects(), [Effect::Drain, Effect::End(Ending::Gone)]);
}

#[test]
fn a_leg_without_keys_is_closed_at_once() {
    let mut run = Run::live();
    run.session.repaint(ResetReason::History, run.now);
    assert_eq!(run.effects(), [attach_now()]);
}
