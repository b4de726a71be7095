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

#[cfg(test)]
mod tests {
    use domain::{AgentId, UserId};
    use uuid::Uuid;

    use super::*;

    type Answer = oneshot::Receiver<Result<Outcome, Error>>;

    fn line_up(turns: &Turns, agent: u128, project: Option<u128>) -> Answer {
        let (answer, answered) = oneshot::channel();
        let project = project.map(|id| ProjectId::from_uuid(Uuid::from_u128(id)));
        let worker = Worker {
            agent_id: AgentId::from_uuid(Uuid::from_u128(agent)),
            agent_name: agent.to_string(),
            user_id: UserId::from_uuid(Uuid::from_u128(1)),
            project_id: ProjectId::from_uuid(Uuid::from_u128(1)),
        };
        turns.line_up(Turn { worker, project, ring: 0, is_first: true, answer });
        answered
    }

    fn next(turns: &Turns) -> Vec<String> {
        turns.next().into_iter().map(|turn| turn.worker.agent_name).collect()
    }

    #[test]
    fn those_who_want_the_same_are_served_together_and_an_agent_once_at_a_time() {
        let turns = Turns::default();
        let line = [(1, None), (2, Some(7)), (3, None), (1, None), (4, Some(8)), (5, Some(7))];
        let answers = line.map(|(agent, project)| line_up(&turns, agent, project));
        assert_eq!(next(&turns), ["1", "3"]);
        assert_eq!(next(&turns), ["2", "5"]);
        assert_eq!(next(&turns), ["1"]);
        assert_eq!(next(&turns), ["4"]);
        assert!(next(&turns).is_empty());
        drop(answers);
    }

    #[test]
    fn no_more_are_served_together_than_one_transaction_shall_deal_with() {
        let turns = Turns::default();
        let answers: Vec<_> = (0..60).map(|agent| line_up(&turns, agent, None)).collect();
        let together: Vec<_> = std::iter::from_fn(|| Some(turns.next().len()).filter(|served| *served > 0)).collect();
        assert_eq!(together, [TOGETHER, TOGETHER, 60 - 2 * TOGETHER]);
        drop(answers);
    }

    #[test]
    fn who_went_away_is_not_served() {
        let turns = Turns::default();
        drop(line_up(&turns, 1, None));
        let waits = line_up(&turns, 2, None);
        assert_eq!(next(&turns), ["2"]);
        drop(waits);
    }
}
