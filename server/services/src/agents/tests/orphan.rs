//! What is in the runtime without a row goes after a while, and not with a database that is new.

use domain::Observation;
use uuid::Uuid;

use super::{
    super::orphans::{GRACE, Orphans},
    *,
};

fn stray(bed: &Bed) -> AgentId {
    let id = AgentId::from_uuid(Uuid::from_u128(9));
    bed.runtime.report(Observation::plain(id, Observed::Running));
    id
}

#[tokio::test]
async fn an_orphan_is_removed_after_its_grace_time_and_nothing_else_is() {
    let (bed, ann, project) = bed().await;
    let kept = bed.agent(&ann, &project, "otter").await.id;
    bed.look_at(kept).await;
    stray(&bed);
    let (orphans, inner) = (Orphans::default(), bed.inner());
    let left = async || bed.runtime.inventory().await.unwrap().len();
    inner.remove_orphans(&orphans).await.unwrap();
    bed.clock.advance(GRACE.saturating_sub(std::time::Duration::from_secs(1)));
    inner.remove_orphans(&orphans).await.unwrap();
    assert_eq!(left().await, 2);
    bed.clock.advance(std::time::Duration::from_secs(1));
    inner.remove_orphans(&orphans).await.unwrap();
    assert_eq!(bed.runtime.inventory().await.unwrap()[0].agent_id, kept);
    assert_eq!(left().await, 1);
}

#[tokio::test]
async fn a_database_without_an_account_removes_nothing() {
    let bed = Bed::new().await;
    let (orphans, inner, id) = (Orphans::default(), bed.inner(), stray(&bed));
    inner.remove_orphans(&orphans).await.unwrap();
    bed.clock.advance(GRACE * 9);
    inner.remove_orphans(&orphans).await.unwrap();
    assert_eq!(bed.runtime.inventory().await.unwrap()[0].agent_id, id);
}
