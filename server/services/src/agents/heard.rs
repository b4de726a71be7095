//! What the runtime has said of agents that are in line to be looked at. Pure: no clock, no tasks.

use std::collections::{HashMap, HashSet};

use domain::{AgentId, Observation, Observed};

/// The last word on each agent, until somebody looks at it.
#[derive(Debug, Default)]
pub(super) struct Heard {
    words: HashMap<AgentId, Observation>,
    /// Those about whom there was news since the survey began: what it found of them may be older.
    news: HashSet<AgentId>,
    /// How many surveys have begun.
    surveys: u64,
}

impl Heard {
    /// The runtime said this by itself. How a run ended is not forgotten because the next one is on its way: nobody else
    /// remembers it.
    pub(super) fn hear(&mut self, seen: Observation) {
        self.news.insert(seen.agent_id);
        let knows_end = self.words.get(&seen.agent_id).is_some_and(is_end);
        let says_more = matches!(seen.state, Observed::Running | Observed::Failed);
        if !knows_end || says_more {
            self.words.insert(seen.agent_id, seen);
        }
    }

    /// Something else is wanted of the agent: that it was up before means nothing any more.
    pub(super) fn doubt(&mut self, id: AgentId) {
        self.news.insert(id);
        if self.words.get(&id).is_some_and(|seen| seen.state == Observed::Running) {
            self.words.remove(&id);
        }
    }

    /// Somebody goes and asks for all agents. What those who did so before found is old by now. Gives the survey's number.
    pub(super) fn begin_survey(&mut self) -> u64 {
        self.surveys += 1;
        self.news.clear();
        self.words.retain(|_, seen| seen.state != Observed::Running);
        self.surveys
    }

    /// What the survey with this number found of an agent that is in line.
    pub(super) fn survey(&mut self, number: u64, found: Observation) {
        if number == self.surveys && !self.news.contains(&found.agent_id) {
            self.words.entry(found.agent_id).or_insert(found);
        }
    }

    /// What is known of the agent, for the one who looks at it now.
    pub(super) fn take(&mut self, id: AgentId) -> Option<Observation> {
        self.words.remove(&id)
    }
}

/// Whether this tells how a run of the agent ended, and why.
pub(super) fn is_end(seen: &Observation) -> bool {
    seen.state == Observed::Failed && seen.reason.is_some()
}

#[cfg(test)]
mod tests {
    use domain::Reason;

    use super::*;

    fn id() -> AgentId {
        AgentId::from_uuid(uuid::Uuid::from_u128(1))
    }

    fn said(state: Observed) -> Observation {
        Observation::plain(id(), state)
    }

    #[test]
    fn the_end_of_a_run_outlives_the_beginning_of_the_next() {
        let mut heard = Heard::default();
        let end = Observation { reason: Some(Reason::Evicted), ..said(Observed::Failed) };
        heard.hear(said(Observed::Starting));
        heard.hear(end.clone());
        heard.hear(said(Observed::Starting));
        heard.doubt(id());
        assert_eq!(heard.take(id()), Some(end.clone()));
        assert_eq!(heard.take(id()), None);
        heard.hear(end);
        heard.hear(said(Observed::Running));
        assert_eq!(heard.take(id()), Some(said(Observed::Running)), "the next one is up");
    }

    #[test]
    fn a_survey_says_nothing_of_those_about_whom_there_was_news_meanwhile() {
        let up = || said(Observed::Running);
        let mut heard = Heard::default();
        let first = heard.begin_survey();
        heard.survey(first, up());
        assert_eq!(heard.take(id()), Some(said(Observed::Running)));

        let number = heard.begin_survey();
        heard.hear(said(Observed::Starting));
        heard.take(id());
        heard.survey(number, up());
        assert_eq!(heard.take(id()), None, "it was looked at since");

        let number = heard.begin_survey();
        heard.doubt(id());
        heard.survey(number, up());
        assert_eq!(heard.take(id()), None, "something else is wanted since");

        let number = heard.begin_survey();
        heard.survey(number, up());
        heard.doubt(id());
        assert_eq!(heard.take(id()), None, "something else is wanted now");

        let number = heard.begin_survey();
        heard.survey(number, up());
        heard.begin_survey();
        assert_eq!(heard.take(id()), None, "that was the last time");
        heard.survey(number, up());
        assert_eq!(heard.take(id()), None, "it comes too late");
    }
}
