//! Many agents that are known and do nothing: what they cost the server. Prints figures; `scripts/bench cluster` has them taken of
//! the program built for speed (`AIWORKER_TEST_PROGRAM`) and of a thousand agents (`AIWORKER_TEST_AGENTS`).

use std::time::{Duration, Instant};

use domain::Agent;
use futures::future::join_all;
use k8s_openapi::api::{apps::v1::StatefulSet, core::v1::Pod};
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use tokio::time::interval;

use crate::{
    figure::{Figure, p95},
    served::{Place, Served},
    world::{World, eventually},
};

/// Agents unless said otherwise.
const AGENTS: usize = 100;
/// Agents that are launched at one time.
const AT_ONCE: usize = 20;
/// How long the server is watched while nothing happens: every agent is looked at once in that time.
const IDLE: Duration = Duration::from_secs(75);
/// Most memory for a thousand agents.
const MEMORY_KB: u32 = 150_000;
/// Most of a core while nothing happens, in percent.
const IDLE_PERCENT: f64 = 2.0;
/// Most times that the list page may take with all agents of what it takes with a tenth of them.
const LIST_RATIO: f64 = 2.0;

/// What a cluster would make of the agent, and what a kubelet would say of a pod that is well.
async fn make_ready(place: &Place, agent: &str) {
    let name = Agent::pod_name_of(agent.rsplit('/').next().unwrap().parse().unwrap());
    let set = place.world.api::<StatefulSet>().get(name.trim_end_matches("-0")).await.unwrap();
    let template = set.spec.unwrap().template;
    let mut pod = Pod { metadata: template.metadata.unwrap_or_default(), spec: template.spec, status: None };
    pod.metadata.name = Some(name.clone());
    let workspace = json!({ "name": "workspace", "emptyDir": {} });
    pod.spec.as_mut().unwrap().volumes.get_or_insert_default().push(serde_json::from_value(workspace).unwrap());
    let pods = place.world.api::<Pod>();
    pods.create(&PostParams::default(), &pod).await.unwrap();
    let ready = json!({ "type": "Ready", "status": "True" });
    let status = json!({ "status": { "phase": "Running", "conditions": [ready, { "type": "PodScheduled", "status": "True" }] } });
    pods.patch_status(&name, &PatchParams::default(), &Patch::Strategic(status)).await.unwrap();
}

async fn launch_many(place: &Place, served: &Served, project: &str, number: usize) {
    let mut left = number;
    while left > 0 {
        let agents = join_all((0..left.min(AT_ONCE)).map(|_| served.launch(project))).await;
        left -= agents.len();
        for agent in &agents {
            served.until("it has objects", agent, |agent| agent["phase"] == "starting").await;
        }
        join_all(agents.iter().map(|agent| make_ready(place, agent))).await;
    }
    let all_idle = eventually(async || {
        let agents = served.user.get("/api/agents/my").await.data();
        let idle = |agent: &Value| agent["phase"] == "idle";
        agents.as_array().unwrap().iter().all(idle).then_some(())
    });
    assert!(all_idle.await.is_some(), "all are idle");
}

/// How long the list page takes.
async fn list_page(served: &Served) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..40 {
        let begun = Instant::now();
        assert_eq!(served.user.get("/agents").await.status, 200);
        times.push(begun.elapsed());
    }
    times
}

/// A number that the system tells of the server's process, by the line it stands in.
fn told(file: &str, line: &str) -> u32 {
    let text = std::fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|text| text.strip_prefix(line)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Processor time of the process so far, in hundredths of a second.
fn ticks(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let after_name: Vec<_> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    after_name[11].parse::<u64>().unwrap() + after_name[12].parse::<u64>().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_that_are_known_and_do_nothing_cost_little_and_write_nothing() {
    let number = std::env::var("AIWORKER_TEST_AGENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(AGENTS);
    let is_fast = std::env::var_os("AIWORKER_TEST_PROGRAM").is_some();
    let Some(world) = World::bare().await else { return };
    let place = Place::of(world).await;
    let served = place.serve().await;
    let (project, pid) = (served.project().await, served.running.pid());
    launch_many(&place, &served, &project, number / 10).await;
    let few = list_page(&served).await;
    launch_many(&place, &served, &project, number - number / 10).await;
    let many = list_page(&served).await;
    // What the launches began is over once the queue has nothing due; a resync comes within this time, too.
    place.wire.writes();
    place.wire.looks();
    let (before, mut passed) = (ticks(pid), interval(IDLE));
    passed.tick().await;
    passed.tick().await;
    let cpu = ticks(pid) - before;
    assert_eq!(place.wire.writes(), Vec::<String>::new(), "a resync that changes nothing writes nothing");
    assert_eq!(place.wire.looks(), 0, "those that are up are found together");
    let memory = told(&format!("/proc/{pid}/status"), "VmRSS:");
    // Hundredths of a second, of the seconds that passed.
    let percent = f64::from(u32::try_from(cpu).unwrap()) / IDLE.as_secs_f64();
    let (few, many) = (p95(&few), p95(&many));
    let figures = [
        (
            "resident memory of the server",
            f64::from(memory) / 1000.0,
            "MB",
            f64::from(MEMORY_KB) / 1000.0,
            String::new(),
        ),
        ("of a core while nothing happens", percent, "%", IDLE_PERCENT, format!("over {} s", IDLE.as_secs())),
        (
            "list page, p95, of the same with a tenth of them",
            many / few,
            "×",
            LIST_RATIO,
            format!("{many:.1} against {few:.1} ms, 40 times each, one after the other"),
        ),
    ];
    for (what, value, unit, most, detail) in figures {
        Figure { what: format!("{number} agents known: {what}"), value, unit, most, detail }.record();
    }
    assert!(memory < MEMORY_KB, "{memory} kB");
    if is_fast {
        assert!(percent <= IDLE_PERCENT, "{percent} % of a core");
    }
    let sets = place.world.api::<StatefulSet>().list_metadata(&ListParams::default()).await.unwrap();
    assert_eq!(sets.items.len(), number / 10 + (number - number / 10), "one set for each");
    drop(served);
    place.world.end().await;
}
