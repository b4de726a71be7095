//! `get_next_task`: taking a task, or waiting for one.

use std::{sync::Arc, time::Duration};

use domain::{
    EventId, ProjectId, Task,
    lease::LEASE_TTL,
    tools::{GetNextTask, GetNextTaskOutput, NoTask, WAIT_MAX},
};
use store::{ClaimRequest, Claimed};

use super::view;
use crate::{
    Inner, Worker,
    bells::Bell,
    clock::later,
    error::{Error, Object},
    to_the_end,
};

/// When an agent without a task shall ask again, in seconds.
const ASK_AGAIN_AFTER: u32 = 15;
/// How much of a lease must be gone before a call makes it longer: most calls then only read.
const RENEW_AFTER: Duration = Duration::from_mins(1);

impl Inner {
    pub(super) async fn get_next_task(
        self: &Arc<Self>,
        worker: &Worker,
        input: GetNextTask,
    ) -> Result<GetNextTaskOutput, Error> {
        let project = self.project_for(worker, input.project_id.as_deref()).await?;
        let wait = seconds(input.wait_seconds, 0)?;
        let deadline = later(self.clock.now(), wait);
        let bell = self.bells.of(worker.user_id);
        let mut rings = bell.listen();
        let mut is_first = true;
        loop {
            let ring = *rings.borrow_and_update();
            match self.try_claim(&bell, worker, project, ring, is_first).await? {
                Ok((task, resumed)) => return self.found(worker, task, resumed).await,
                Err(why) if self.clock.now() >= deadline => return Ok(nothing(why)),
                Err(why) => {
                    is_first = false;
                    tokio::select! {
                        heard = rings.changed() => heard.map_err(Error::internal)?,
                        () = self.clock.sleep_until(deadline) => return Ok(nothing(why)),
                    }
                }
            }
        }
    }

    /// One try. Whoever waits takes what somebody else found out since the last ring for an answer.
    async fn try_claim(
        self: &Arc<Self>,
        bell: &Arc<Bell>,
        worker: &Worker,
        project: Option<ProjectId>,
        ring: u64,
        is_first: bool,
    ) -> Result<Result<(Task, bool), NoTask>, Error> {
        let (inner, bell, worker) = (Arc::clone(self), Arc::clone(bell), worker.clone());
        let _turn = bell.gate.acquire().await.map_err(Error::internal)?;
        if let Some(why) = bell.nothing_since(ring).filter(|_| project.is_none() && !is_first) {
            return Ok(Err(why));
        }
        let outcome = to_the_end(async move { inner.claim(&worker, project).await }).await?;
        if let Err(why) = &outcome
            && project.is_none()
        {
            bell.note_nothing(ring, *why);
        }
        Ok(outcome)
    }

    async fn claim(&self, worker: &Worker, project: Option<ProjectId>) -> Result<Result<(Task, bool), NoTask>, Error> {
        let (id, now) = self.ids.next();
        let request = ClaimRequest {
            owner: worker.user_id,
            agent_id: worker.agent_id,
            agent_name: worker.agent_name.clone(),
            project_id: project,
            now,
            until: later(now, LEASE_TTL),
            event_id: EventId::from_uuid(id),
            actor: worker.actor(),
        };
        let found = match self.store.claim_task(&request).await? {
            Claimed::Taken(task) => {
                self.publish_task(worker.user_id, &task);
                Ok((*task, false))
            }
            Claimed::Resumed(task) => Ok((*task, true)),
            Claimed::BacklogEmpty => Err(NoTask::BacklogEmpty),
            Claimed::WaitingForOthers => Err(NoTask::WaitingForOthers),
            Claimed::WorkingLimit => Err(NoTask::WorkingLimit),
            Claimed::AgentDead => return Err(Error::Forbidden("This agent was stopped. Stop working.")),
        };
        if found.as_ref().map_or(true, |(_, resumed)| !resumed) {
            self.refresh_phase(worker.agent_id).await;
        }
        Ok(found)
    }

    async fn found(&self, worker: &Worker, task: Task, resumed: bool) -> Result<GetNextTaskOutput, Error> {
        Ok(GetNextTaskOutput {
            lease: view::lease_of(worker, &task),
            questions: self.question_views(worker, &task).await?,
            task: Some(self.view(worker, &task).await?),
            resumed,
            reason: None,
            retry_after_s: None,
        })
    }

    /// The owner's project that an argument names.
    pub(super) async fn project_for(&self, worker: &Worker, id: Option<&str>) -> Result<Option<ProjectId>, Error> {
        let Some(id) = id else { return Ok(None) };
        let id: ProjectId = id.parse().map_err(|_| Error::NotFound(Object::Project))?;
        let project = self.store.project(worker.user_id, id).await?;
        project.map(|project| Some(project.id)).ok_or(Error::NotFound(Object::Project))
    }

    /// A call is a sign of life: it keeps what the agent holds.
    pub(super) async fn keep_leases(&self, worker: &Worker) -> Result<(), Error> {
        let now = self.clock.now();
        let (soon, until) = (later(now, LEASE_TTL.saturating_sub(RENEW_AFTER)), later(now, LEASE_TTL));
        Ok(self.store.renew_leases(worker.agent_id, now, soon, until).await?)
    }
}

fn nothing(why: NoTask) -> GetNextTaskOutput {
    GetNextTaskOutput {
        task: None,
        lease: None,
        resumed: false,
        questions: Vec::new(),
        reason: Some(why),
        retry_after_s: Some(ASK_AGAIN_AFTER),
    }
}

/// How long a call may wait.
pub(super) fn seconds(given: Option<u32>, default: u32) -> Result<Duration, Error> {
    match given.unwrap_or(default) {
        wait if wait <= WAIT_MAX => Ok(Duration::from_secs(wait.into())),
        _ => Err(Error::invalid("wait_seconds", format!("Choose between 0 and {WAIT_MAX} seconds."))),
    }
}
