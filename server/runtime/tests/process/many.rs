//! Many agents at once.

use std::fs;

use domain::Observed;
use futures::future::join_all;
use runtime::AgentRuntime;

use crate::{
    lifecycle::control_groups,
    world::{World, all_processes, eventually, parent, processes_of, spec, stat},
};

const MANY: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_at_once_come_and_go_and_leave_nothing() {
    let world = World::new().await;
    let specs: Vec<_> = std::iter::repeat_with(spec).take(MANY).collect();
    join_all(specs.iter().map(|spec| world.up(spec))).await;
    for spec in &specs {
        assert_eq!(world.state(spec.id).await, Observed::Running);
    }
    let processes: Vec<u32> = specs.iter().flat_map(|spec| world.processes(spec.id)).collect();
    assert!(processes.len() >= MANY * 4, "{}", processes.len());
    let groups = specs.iter().flat_map(|spec| control_groups(&spec.id.to_string())).count();
    let limits = world.runtime.status();
    assert!(groups >= MANY * usize::from(limits.limits_memory), "{groups} groups");

    let removed = join_all(specs.iter().map(|spec| world.runtime.remove(spec.id))).await;
    assert!(removed.iter().all(Result::is_ok), "{removed:?}");
    assert_eq!(world.runtime.inventory().await.unwrap(), []);
    assert_eq!(fs::read_dir(world.data.join("agents")).unwrap().count(), 0);
    for spec in &specs {
        assert_eq!(processes_of(&world.folder(spec.id)), Vec::<u32>::new());
        assert_eq!(control_groups(&spec.id.to_string()), Vec::<std::path::PathBuf>::new());
    }
    let own = std::process::id();
    let is_left = |pid: &u32| {
        parent(*pid) == Some(own) && stat(*pid).is_some_and(|fields| fields[0] == "Z") && processes.contains(pid)
    };
    eventually("no zombie is left", || !all_processes().iter().any(is_left)).await;
}
