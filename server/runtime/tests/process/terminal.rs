//! What a viewer sees when it comes back: all of the history, each line once.

use runtime::AgentRuntime;

use crate::{
    viewer::{Screen, Viewer},
    world::{World, command_line, eventually, spec},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_comes_back_has_every_line_once() {
    let world = World::new().await;
    let spec = spec();
    world.up(&spec).await;
    let mut viewer = world.view(&spec).await;
    viewer.type_line("seq -f 'line-%.0f.' 1 500; echo all-pri''nted").await;
    viewer.expect("all-printed").await;
    viewer.close().await;

    // Smaller, larger, and as before: lines move between history and screen.
    for (columns, rows) in [(80, 24), (80, 50), (100, 10), (40, 24), (80, 24)] {
        let mut viewer = Viewer::open(&world.runtime, &spec, columns, rows).await;
        viewer.expect("all-printed").await;
        viewer.expect("workspace$").await;
        let mut screen = Screen::new(columns.into(), rows.into());
        screen.feed(&viewer.printed);
        let lines = screen.lines();
        let after = lines.iter().rposition(|line| line == "line-1.");
        let after = after.unwrap_or_else(|| panic!("{columns}x{rows}: {:?}", viewer.printed));
        let seen: Vec<&String> = lines[after..].iter().filter(|line| line.starts_with("line-")).collect();
        let expected: Vec<String> = (1..=500).map(|n| format!("line-{n}.")).collect();
        assert!(seen.iter().copied().eq(expected.iter()), "{columns}x{rows}: {lines:#?}");
        assert_eq!(lines.iter().filter(|line| *line == "line-250.").count(), 1, "{columns}x{rows}");
        viewer.close().await;
    }
    let of_viewers = || world.processes(spec.id).iter().any(|pid| command_line(*pid).contains("attach-session"));
    eventually("nothing of a viewer that left is left", || !of_viewers()).await;
    world.runtime.remove(spec.id).await.unwrap();
}

/// When tmux attaches, it throws away what ttyd has not read by then.
#[tokio::test(flavor = "multi_thread")]
async fn tmux_attaches_only_when_all_that_was_printed_has_come() {
    let world = World::new().await;
    let spec = spec();
    world.up(&spec).await;
    let mut other = world.view(&spec).await;
    let mut late = world.view(&spec).await;
    late.keep_receipt();
    late.expect("aiworker screen").await;
    for _ in 0..5 {
        assert_eq!(other.ask("tmux list-clients | wc -l").await, "1");
    }
    late.give_receipt().await;
    late.expect("workspace$").await;
    assert_eq!(other.ask("tmux list-clients | wc -l").await, "2");
    other.close().await;
    late.close().await;
    world.runtime.remove(spec.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tmux_takes_our_configuration_without_a_complaint() {
    let world = World::new().await;
    let spec = spec();
    world.up(&spec).await;
    let mut viewer = world.view(&spec).await;
    assert_eq!(viewer.ask("tmux show-messages -t agent 2>&1 | grep -ciE 'invalid|unknown|error'").await, "0");
    assert_eq!(
        viewer.ask("tmux show -gv history-limit; tmux show -gv status; tmux show -sv escape-time").await,
        "10000off10"
    );
    assert_eq!(viewer.ask("tmux show -wv window-size").await, "");
    world.runtime.remove(spec.id).await.unwrap();
}
