//! Writing down what was seen of an agent: the row, its timeline, and the open pages.

use domain::{Actor, Agent, EventKind, LiveEvent, Observation, Observed, Phase, Reason, Step, agent::phase_of};
use store::PhaseChange;

use super::reconcile::Halt;
use crate::Inner;

impl Inner {
    /// Writes what a runtime saw, in the reconciler's term.
    pub(super) async fn record_seen(
        &self,
        in_term: Option<i64>,
        agent: &Agent,
        seen: &Observation,
    ) -> Result<Agent, Halt> {
        let phase = phase_of(agent.desired, agent.phase, seen.state);
        let step = match seen.state {
            Observed::Running => Some(Step::Ready),
            // Where it got stuck.
            Observed::Failed => seen.step.or(agent.step),
            Observed::Starting => seen.step,
            Observed::Absent | Observed::Stopping | Observed::Stopped => None,
        };
        self.record(in_term, agent, phase, seen.reason, &seen.message, step).await
    }

    /// Writes a phase with its reason. What is known already is not written again; what was seen of an agent that has
    /// moved on since is not written at all.
    pub(crate) async fn record(
        &self,
        in_term: Option<i64>,
        agent: &Agent,
        phase: Phase,
        reason: Option<Reason>,
        message: &str,
        step: Option<Step>,
    ) -> Result<Agent, Halt> {
        if (agent.phase, agent.reason, agent.message.as_str(), agent.step) == (phase, reason, message, step) {
            return Ok(agent.clone());
        }
        let kind = EventKind::AgentPhaseChanged { from: agent.phase, to: phase, reason, message: message.to_owned() };
        let event = self.agent_event(Actor::system(), agent.id, kind);
        let change = PhaseChange {
            id: agent.id,
            expected_generation: agent.generation,
            phase,
            reason,
            message: message.to_owned(),
            step,
            in_term,
            at: event.event.at,
        };
        // The timeline tells of phases; a new sentence about the same phase is no event.
        let event = (agent.phase != phase).then_some(&event);
        let agent = self.store.set_phase(&change, event).await?.ok_or(Halt::MovedOn)?;
        self.live.publish(agent.user_id, LiveEvent::Agent(Box::new(agent.clone())));
        Ok(agent)
    }
}
