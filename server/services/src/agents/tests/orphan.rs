//! What only one side knows: listed, given back, made anew or removed after a while, and not with a database that is new.

use std::time::Duration;

use domain::{Observation, Orphan, OrphanKind};
use uuid::Uuid;

use super::*;
use crate::settings::ORPHAN_GRACE;

fn stray(bed: &Bed) -> AgentId {
    let id = AgentId::from_uuid(Uuid::from_u128(9));
    bed.runtime.report(Observation::plain(id, Observed::Running));
    id
}

async fn orphans(bed: &Bed, caller: &Caller) -> Vec<Orphan> {
    bed.services.installation().orphans(caller).await.unwrap()
}

fn counts(bed: &Bed) -> [usize; 2] {
    OrphanKind::ALL.map(|kind| bed.services.installation().orphan_count(kind))
}

/// An agent that runs, and whose row is lost as with an old copy of the database.
async fn lost_row(bed: &Bed, caller: &Caller, project: &Project) -> AgentId {
    let id = bed.agent(caller, project, "otter").await.id;
    bed.look_at(id).await;
    bed.store.delete_agent(id, None).await.unwrap();
    id
}

#[tokio::test]
async fn an_orphan_is_removed_after_its_grace_time_and_nothing_else_is() {
    let (bed, ann, project) = bed().await;
    let kept = bed.agent(&ann, &project, "otter").await.id;
    bed.look_at(kept).await;
    let id = stray(&bed);
    let inner = bed.inner();
    let left = async || bed.runtime.inventory().await.unwrap().len();
    inner.remove_orphans(|| true).await.unwrap();
    let listed = orphans(&bed, &ann).await.remove(0);
    assert_eq!((listed.agent_id, listed.kind, listed.can_repair), (id, OrphanKind::Ownerless, false));
    assert_eq!(listed.removed_at, listed.since.checked_add(ORPHAN_GRACE).ok(), "people see when it goes");
    bed.clock.advance(ORPHAN_GRACE.saturating_sub(Duration::from_secs(1)));
    inner.remove_orphans(|| true).await.unwrap();
    assert_eq!((left().await, counts(&bed)), (2, [1, 0]));
    bed.clock.advance(Duration::from_secs(1));
    inner.remove_orphans(|| false).await.unwrap();
    assert_eq!(left().await, 2, "a server that may not write does not");
    inner.remove_orphans(|| true).await.unwrap();
    assert_eq!(bed.runtime.inventory().await.unwrap()[0].agent_id, kept);
    assert_eq!((left().await, orphans(&bed, &ann).await, counts(&bed)), (1, vec![], [0, 0]));
}

#[tokio::test]
async fn a_database_without_an_account_removes_nothing() {
    let bed = Bed::new().await;
    let (inner, id) = (bed.inner(), stray(&bed));
    for _ in 0..2 {
        inner.remove_orphans(|| true).await.unwrap();
        bed.clock.advance(ORPHAN_GRACE * 9);
    }
    assert_eq!(bed.runtime.inventory().await.unwrap()[0].agent_id, id);
}

#[tokio::test]
async fn an_agent_whose_row_was_lost_is_given_back_with_its_workspace() {
    let (bed, ann, _) = bed().await;
    let bob = bed.user("bob").await;
    let project = bed.project(&bob, "p").await;
    let id = lost_row(&bed, &bob, &project).await;
    let orphan = orphans(&bed, &ann).await.remove(0);
    assert_eq!((orphan.name.as_deref(), orphan.owner.as_deref()), (Some("otter"), Some("bob")));
    assert!(orphan.can_repair);
    bed.services.installation().repair_orphan(&ann, id).await.unwrap();
    bed.look_at(id).await;
    let agent = bed.read(&bob, id).await;
    assert_eq!((agent.name.as_str(), agent.phase, agent.project_id), ("otter", Phase::Stopped, project.id));
    assert_eq!(bed.runtime.observe(id).await.unwrap().state, Observed::Stopped, "its workspace is there");
    assert_eq!(orphans(&bed, &ann).await, []);
    let audit = bed.services.accounts().audit(&ann, 1).await.unwrap().remove(0);
    assert_eq!((audit.action, audit.object), (AuditAction::RepairOrphan, Some(id.to_string())));
    bed.services.agents().start(&bob, id).await.unwrap();
    bed.look_at(id).await;
    assert_eq!(bed.read(&bob, id).await.phase, Phase::Idle);
}

#[tokio::test]
async fn what_nobody_can_be_given_is_removed_when_an_administrator_says_so() {
    let (bed, ann, _) = bed().await;
    let id = stray(&bed);
    let installation = bed.services.installation();
    let refused = installation.repair_orphan(&ann, id).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::InvalidTransition);
    installation.remove_orphan(&ann, id).await.unwrap();
    assert_eq!(bed.runtime.inventory().await.unwrap(), []);
    assert_eq!(installation.remove_orphan(&ann, id).await.unwrap_err().code(), ErrorCode::NotFound);
}

#[tokio::test]
async fn an_agent_that_is_no_orphan_is_not_touched() {
    let (bed, ann, project) = bed().await;
    let id = bed.agent(&ann, &project, "otter").await.id;
    bed.look_at(id).await;
    let installation = bed.services.installation();
    for refused in [installation.remove_orphan(&ann, id).await, installation.repair_orphan(&ann, id).await] {
        assert_eq!(refused.unwrap_err().code(), ErrorCode::NotFound);
    }
    assert_eq!(bed.read(&ann, id).await.desired, Desired::Running);
    let bob = bed.user("bob").await;
    let refused = installation.orphans(&bob).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    assert_eq!(installation.remove_orphan(&bob, id).await.unwrap_err().code(), ErrorCode::Forbidden);
}

#[tokio::test]
async fn an_agent_that_the_runtime_has_lost_is_listed_and_made_anew() {
    let (bed, ann, project) = bed().await;
    let id = bed.agent(&ann, &project, "otter").await.id;
    assert_eq!(orphans(&bed, &ann).await, [], "one that was never made is none");
    bed.look_at(id).await;
    bed.runtime.report(Observation::plain(id, Observed::Absent));
    let orphan = orphans(&bed, &ann).await.remove(0);
    assert_eq!((orphan.kind, orphan.removed_at, orphan.can_repair), (OrphanKind::Missing, None, true));
    assert_eq!(counts(&bed), [0, 1]);
    bed.look_at(id).await;
    let told = bed.read(&ann, id).await;
    assert!(told.message.starts_with("Nothing of it was left, not even its workspace"), "{}", told.message);
    bed.clock.advance(Duration::from_secs(2));
    bed.look_at(id).await;
    assert_eq!((bed.read(&ann, id).await.phase, orphans(&bed, &ann).await), (Phase::Idle, vec![]));
}

#[tokio::test]
async fn a_stopped_agent_that_the_runtime_has_lost_is_listed_and_can_be_removed() {
    let (bed, ann, project) = bed().await;
    let (id, never) = (bed.agent(&ann, &project, "otter").await.id, bed.agent(&ann, &project, "seal").await.id);
    bed.look_at(id).await;
    for id in [id, never] {
        bed.services.agents().stop(&ann, id).await.unwrap();
        bed.look_at(id).await;
    }
    bed.runtime.report(Observation::plain(id, Observed::Absent));
    let orphan = orphans(&bed, &ann).await;
    assert_eq!(orphan.iter().map(|orphan| orphan.agent_id).collect::<Vec<_>>(), [id], "the other one never ran");
    let installation = bed.services.installation();
    assert_eq!(installation.repair_orphan(&ann, id).await.unwrap_err().code(), ErrorCode::InvalidTransition);
    installation.remove_orphan(&ann, id).await.unwrap();
    bed.look_at(id).await;
    assert_eq!(bed.services.agents().get(&ann, id).await.unwrap_err().code(), ErrorCode::NotFound);
}
