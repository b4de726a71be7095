//! Two programs with one token are one agent: they hold the same task, and it is finished once.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Agent, DOORS, Door};
use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn they_are_given_one_task_however_often_they_ask() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let agent = Agent::launch(&app, "ann").await;
    for number in 0..5 {
        agent.task(&app, &format!("task {number}")).await;
    }
    let nothing = json!({});
    let asks = (0..20).map(|number| agent.outcome(DOORS[number % 2], "get_next_task", &nothing));
    let answers = futures::future::join_all(asks).await.into_iter().map(Result::unwrap).collect::<Vec<_>>();
    let tasks: BTreeSet<_> = answers.iter().map(|answer| answer["task"]["id"].to_string()).collect();
    let epochs: BTreeSet<_> = answers.iter().map(|answer| answer["lease"]["epoch"].to_string()).collect();
    assert_eq!((tasks.len(), epochs.len()), (1, 1), "{answers:?}");
    let first = answers.iter().filter(|answer| answer["resumed"] == false).count();
    assert_eq!(first, 1, "one took it, the others went on with it");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finishes_second_has_lost_the_task_and_the_next_one_is_shared_again() {
    let app = TestApp::new().await;
    app.run_reconciler();
    let agent = Agent::launch(&app, "ann").await;
    for number in 0..5 {
        agent.task(&app, &format!("task {number}")).await;
    }
    let mut finished = BTreeSet::new();
    for _ in 0..6 {
        let taken = agent.outcome(Door::Mcp, "get_next_task", &json!({})).await.unwrap();
        let hands_in = |summary: &str| {
            json!({
                "task_id": taken["task"]["id"], "lease_epoch": taken["lease"]["epoch"], "status": "done",
                "summary": summary,
            })
        };
        let (one, other) = (hands_in("one"), hands_in("other"));
        let (one, other) = tokio::join!(
            agent.outcome(Door::Mcp, "update_task_status", &one),
            agent.outcome(Door::Plain, "update_task_status", &other),
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        let refused = one.err().or(other.err()).unwrap();
        assert_eq!((&refused["code"], &refused["retryable"]), (&json!("lease_lost"), &json!(false)));
        assert!(finished.insert(taken["task"]["id"].to_string()), "it was handed out after it was done");
    }
    assert_eq!(agent.outcome(Door::Mcp, "get_next_task", &json!({})).await.unwrap()["reason"], "backlog_empty");
}
