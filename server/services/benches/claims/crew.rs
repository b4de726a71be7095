//! Agents that take tasks by their tool and finish them at once, as often as there are any.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use domain::{AgentId, tools::Tool};
use futures::future::join_all;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// The time of every claim that brought a task. Fails when one was taken twice or none took it.
pub async fn measure(world: &World, agents: usize, tasks: usize) -> Vec<Duration> {
    let (over, reconciler) = (CancellationToken::new(), world.services.reconciler());
    let stop = over.clone();
    let reconciler = tokio::spawn(async move { reconciler.run(stop).await });
    let agents = world.agents(agents).await;
    let work = agents.into_iter().map(|agent| work(world, agent));
    let done: Vec<(String, Duration)> = join_all(work).await.into_iter().flatten().collect();
    over.cancel();
    reconciler.await.unwrap();
    let distinct: BTreeSet<_> = done.iter().map(|(id, _)| id).collect();
    assert_eq!((done.len(), distinct.len()), (tasks, tasks), "each task is taken, and once");
    done.into_iter().map(|(_, took)| took).collect()
}

async fn work(world: &World, agent: AgentId) -> Vec<(String, Duration)> {
    let tools = world.services.tools();
    let worker = tools.in_place_of(&world.caller, agent).await.unwrap();
    let call = async |tool, arguments| tools.call(&worker, tool, arguments, None).await;
    let mut taken = Vec::new();
    loop {
        let began = Instant::now();
        let claimed = call(Tool::GetNextTask, json!({})).await.expect("a claim succeeds");
        let took = began.elapsed();
        let Some(id) = claimed["task"]["id"].as_str() else { return taken };
        assert_eq!(claimed["resumed"], false);
        taken.push((id.to_owned(), took));
        let done =
            json!({"task_id": id, "lease_epoch": claimed["lease"]["epoch"], "status": "done", "summary": "Done"});
        call(Tool::UpdateTaskStatus, done).await.expect("who holds a task may finish it");
    }
}
