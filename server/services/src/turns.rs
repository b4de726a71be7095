//! Where claims of one owner wait for their turn. They would wait for each other in the database anyway; whoever is let in
//! asks there for all who stand in line, so that ten who ask together cost hardly more than one.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use domain::{ProjectId, Task, tools::NoTask};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{Worker, error::Error};

/// Most claims that one transaction deals with: it shall not keep others waiting for long.
const TOGETHER: usize = 25;

/// The task, and whether the agent held it before; or why there is none.
pub(crate) type Outcome = Result<(Task, bool), NoTask>;

/// A claim that stands in line.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) worker: Worker,
    pub(crate) project: Option<ProjectId>,
    /// The last ring that it has heard.
    pub(crate) ring: u64,
    /// Whether it has not asked the database itself yet.
    pub(crate) is_first: bool,
    /// Where the outcome goes. Nobody listens any more when the client went away.
    pub(crate) answer: oneshot::Sender<Result<Outcome, Error>>,
}

/// The line of one owner.
#[derive(Debug)]
pub(crate) struct Turns {
    line: Mutex<VecDeque<Turn>>,
    gate: Arc<Semaphore>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { line: Mutex::default(), gate: Arc::new(Semaphore::new(1)) }
    }
}

impl Turns {
    pub(crate) fn line_up(&self, turn: Turn) {
        self.line.lock().unwrap_or_else(PoisonError::into_inner).push_back(turn);
    }

    /// Lets one in at a time. Who comes in serves the line until nobody is left.
    pub(crate) async fn come_in(&self) -> Result<OwnedSemaphorePermit, Error> {
        Arc::clone(&self.gate).acquire_owned().await.map_err(Error::internal)
    }

    /// Who is served next: those who want the same as the first one. An agent that stands in line twice gets its second answer
    /// after the first. Those who went away are forgotten.
    pub(crate) fn next(&self) -> Vec<Turn> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut served, mut agents): (Vec<Turn>, _) = (Vec::new(), HashSet::new());
        for turn in std::mem::take(&mut *line) {
            let is_alike = served.first().is_none_or(|first| first.project == turn.project);
            if turn.answer.is_closed() {
                continue;
            }
            if is_alike && served.len() < TOGETHER && agents.insert(turn.worker.agent_id) {
                served.push(turn);
            } else {
                line.push_back(turn);
            }
        }
        served
    }
}
