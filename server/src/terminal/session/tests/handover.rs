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
    run.session.on_drained(true, run.now);
    assert!(matches!(run.effects().as_slice(), [Effect::ToTtyd(request)] if request.starts_with(b"0: attach ")));
    run.printed(SHELL);
    assert_eq!(run.effects(), [Effect::Close, reset(2, ResetReason::History)], "tmux has read them");
    run.printed(&[SCREEN, b"$"].concat());
    assert_eq!(run.effects()[0], to_ttyd(b"\r"));
    // Whoever types and leaves at once has typed.
    run.session.on_browser_left();
    assert_eq!(run.effects(), [Effect::Drain, Effect::End(Ending::Gone)]);
}

/// attach.sh waits five seconds for it, and a busy machine may have taken them all. A request would be typed into the program now.
#[test]
fn a_leg_that_has_begun_without_its_request_gets_none() {
    let mut run = Run::live();
    run.typed(0, b"make");
    run.session.repaint(ResetReason::History, run.now);
    run.session.on_attached(run.now);
    run.printed(&[GREETING_2, SHELL].concat());
    run.effects();
    run.session.on_drained(true, run.now);
    run.printed(SCREEN);
    assert_eq!(run.effects(), [], "neither request nor receipt");
    run.typed(1, b"\r");
    run.printed(b"$");
    assert_eq!(run.effects()[0], to_ttyd(b"\r"));
}

#[test]
fn a_leg_without_keys_is_closed_at_once() {
    let mut run = Run::live();
    run.session.repaint(ResetReason::History, run.now);
    assert_eq!(run.effects(), [attach_now()]);
}

/// What is said of typed keys when the next epoch begins.
fn is_input_lost(effects: &[Effect]) -> bool {
    let frames = effects.iter().filter_map(|effect| match effect {
        Effect::ToBrowser(frame) => ServerFrame::decode(frame).ok(),
        _ => None,
    });
    let told = frames.filter_map(|frame| match frame {
        ServerFrame::Reset(reset) => Some(reset.input_lost),
        _ => None,
    });
    let told: Vec<bool> = told.collect();
    assert_eq!(told.len(), 1, "{effects:?}");
    told[0]
}

#[test]
fn keys_that_nobody_has_taken_in_time_are_told() {
    let mut run = Run::live();
    run.typed(0, b"make");
    run.session.repaint(ResetReason::History, run.now);
    run.session.on_attached(run.now);
    run.printed(GREETING);
    run.session.on_drained(false, run.now);
    run.printed(SHELL);
    assert!(is_input_lost(&run.effects()));
    run.session.repaint(ResetReason::History, run.now);
    run.attach();
    assert!(!is_input_lost(&run.effects()), "that was said already");
}

#[test]
fn what_was_typed_last_may_die_with_ttyd() {
    let die = |typed_before: Duration, heard_before: Option<Duration>| {
        let mut run = Run::live();
        run.typed(0, b"make");
        let dies_at = run.now + typed_before;
        if let Some(before) = heard_before {
            run.now = dies_at - before;
            run.printed(b"m");
        }
        run.now = dies_at;
        run.session.on_ttyd_gone(run.now);
        run.attach();
        is_input_lost(&run.effects())
    };
    let moment = Duration::from_millis(1);
    assert!(die(2 * INPUT_LINGER, None), "nothing was heard of it");
    assert!(die(2 * moment, Some(moment)), "there was hardly time to read it");
    assert!(!die(2 * INPUT_LINGER, Some(INPUT_LINGER)), "it was read");
    let mut run = Run::live();
    run.session.on_ttyd_gone(run.now);
    run.attach();
    assert!(!is_input_lost(&run.effects()), "nothing was typed");
}

#[test]
fn one_who_was_away_meanwhile_is_told_when_they_come_back() {
    let mut run = Run::live();
    run.typed(0, b"make");
    run.session.on_browser_lost(run.now);
    run.session.on_ttyd_gone(run.now);
    run.effects();
    run.come_back(1, 1);
    run.attach();
    let effects = run.effects();
    assert!(is_input_lost(&effects));
    let at = effects.iter().position(|effect| *effect == welcome(2, 0, 1)).unwrap();
    assert!(matches!(&effects[at + 1], Effect::ToBrowser(frame) if matches!(
        ServerFrame::decode(frame), Ok(ServerFrame::Reset(Reset { epoch: 3, input_lost: true, .. }))
    )));
    assert!(effects.contains(&output(0, b"$")));
}
