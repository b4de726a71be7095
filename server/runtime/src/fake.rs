//! A runtime in memory, for tests and for faults that a real one cannot be made to show. It starts nothing.

use std::{
    collections::{BTreeMap, VecDeque},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use domain::{AgentId, Observation, Observed, RuntimeKind, RuntimeStatus, SandboxKind};
use futures::{StreamExt, stream::BoxStream};
use tokio::{
    io::DuplexStream,
    sync::{broadcast, mpsc},
};
use tokio_stream::wrappers::BroadcastStream;

use crate::{AgentRuntime, AgentSpec, Duplex, MadeFor, Owned, RuntimeError, TERMINAL_PORT};

/// Bytes that one dialled stream holds in each direction.
const STREAM_CAPACITY: usize = 256 * 1024;
/// Events that a slow listener may be behind before it loses some.
const EVENTS_CAPACITY: usize = 256;

/// One call that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `ensure`, with the generation asked for.
    Ensure(AgentId, i64),
    /// `stop`.
    Stop(AgentId),
    /// `remove`.
    Remove(AgentId),
    /// `dial`.
    Dial(AgentId, u16),
}

/// How `ensure` answers when nothing was scripted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// The agent runs at once.
    #[default]
    AtOnce,
    /// The agent is starting until the test reports otherwise.
    ByHand,
}

type Fault = Box<dyn FnOnce() -> RuntimeError + Send>;

#[derive(Default)]
struct World {
    agents: BTreeMap<AgentId, Observation>,
    specs: BTreeMap<AgentId, AgentSpec>,
    logs: BTreeMap<AgentId, String>,
    calls: Vec<Call>,
    ensure_faults: VecDeque<Fault>,
    hanging: bool,
    finds_up: bool,
    looks: BTreeMap<AgentId, usize>,
    start: Start,
}

/// A runtime in memory. Clones share one world.
#[derive(Clone)]
pub struct FakeRuntime {
    world: Arc<Mutex<World>>,
    events: broadcast::Sender<Observation>,
    dialled: mpsc::UnboundedSender<(AgentId, DuplexStream)>,
    accept: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<(AgentId, DuplexStream)>>>,
}

impl Default for FakeRuntime {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeRuntime {
    /// An empty world in which every start succeeds at once.
    pub fn new() -> Self {
        let (dialled, accept) = mpsc::unbounded_channel();
        Self {
            world: Arc::default(),
            events: broadcast::channel(EVENTS_CAPACITY).0,
            dialled,
            accept: Arc::new(tokio::sync::Mutex::new(accept)),
        }
    }

    /// What a host with everything installed would say.
    pub fn status(&self) -> RuntimeStatus {
        RuntimeStatus {
            kind: RuntimeKind::Process,
            sandbox: SandboxKind::Bubblewrap,
            limits_memory: true,
            limits_processes: true,
        }
    }

    /// Chooses how `ensure` answers from now on.
    pub fn set_start(&self, start: Start) {
        self.world().start = start;
    }

    /// The next call of `ensure` fails with what `fault` makes. Faults queue up.
    pub fn fail_ensure(&self, fault: impl FnOnce() -> RuntimeError + Send + 'static) {
        self.world().ensure_faults.push_back(Box::new(fault));
    }

    /// While `true`, no call but `events` ever returns.
    pub fn set_hanging(&self, hanging: bool) {
        self.world().hanging = hanging;
    }

    /// From now on the inventory says who is up.
    pub fn find_up(&self) {
        self.world().finds_up = true;
    }

    /// How often somebody has looked at the agent.
    pub fn looks(&self, id: AgentId) -> usize {
        self.world().looks.get(&id).copied().unwrap_or_default()
    }

    /// Makes the world look like `observation` and tells the listeners.
    pub fn report(&self, observation: Observation) {
        let mut world = self.world();
        if observation.state == Observed::Absent {
            world.agents.remove(&observation.agent_id);
        } else {
            world.agents.insert(observation.agent_id, observation.clone());
        }
        drop(world);
        // Nobody listening is no error.
        let _ = self.events.send(observation);
    }

    /// Changes the world and tells nobody, as when an event is lost.
    pub fn change_silently(&self, observation: Observation) {
        self.world().agents.insert(observation.agent_id, observation);
    }

    /// Sets what `logs` answers.
    pub fn set_logs(&self, id: AgentId, text: impl Into<String>) {
        self.world().logs.insert(id, text.into());
    }

    /// Every call so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.world().calls.clone()
    }

    /// The spec of the last `ensure` for the agent.
    pub fn spec(&self, id: AgentId) -> Option<AgentSpec> {
        self.world().specs.get(&id).cloned()
    }

    /// The agent's end of the next dialled stream.
    pub async fn accept(&self) -> Option<(AgentId, DuplexStream)> {
        self.accept.lock().await.recv().await
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn enter(&self, call: Option<Call>) {
        let hanging = {
            let mut world = self.world();
            world.calls.extend(call);
            world.hanging
        };
        if hanging {
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl AgentRuntime for FakeRuntime {
    async fn ensure(&self, spec: &AgentSpec) -> Result<Observation, RuntimeError> {
        self.enter(Some(Call::Ensure(spec.id, spec.generation))).await;
        let observation = {
            let mut world = self.world();
            world.specs.insert(spec.id, spec.clone());
            if let Some(fault) = world.ensure_faults.pop_front() {
                return Err(fault());
            }
            let up = |o: &&Observation| matches!(o.state, Observed::Running | Observed::Starting);
            if let Some(there) = world.agents.get(&spec.id).filter(up) {
                return Ok(there.clone());
            }
            let state = if world.start == Start::AtOnce { Observed::Running } else { Observed::Starting };
            Observation::plain(spec.id, state)
        };
        self.report(observation.clone());
        Ok(observation)
    }

    async fn stop(&self, id: AgentId) -> Result<(), RuntimeError> {
        self.enter(Some(Call::Stop(id))).await;
        let known = self.world().agents.contains_key(&id);
        if known {
            self.report(Observation::plain(id, Observed::Stopped));
        }
        Ok(())
    }

    async fn remove(&self, id: AgentId) -> Result<(), RuntimeError> {
        self.enter(Some(Call::Remove(id))).await;
        self.report(Observation::plain(id, Observed::Absent));
        Ok(())
    }

    async fn observe(&self, id: AgentId) -> Result<Observation, RuntimeError> {
        self.enter(None).await;
        *self.world().looks.entry(id).or_default() += 1;
        Ok(self.world().agents.get(&id).cloned().unwrap_or_else(|| Observation::plain(id, Observed::Absent)))
    }

    async fn inventory(&self) -> Result<Vec<Owned>, RuntimeError> {
        self.enter(None).await;
        let world = self.world();
        let owned = |(id, seen): (&AgentId, &Observation)| Owned {
            agent_id: *id,
            description: "an agent in memory".to_owned(),
            made_for: world.specs.get(id).map(MadeFor::of),
            up: (world.finds_up && seen.state == Observed::Running).then(|| seen.clone()),
        };
        Ok(world.agents.iter().map(owned).collect())
    }

    async fn logs(&self, id: AgentId, tail: usize) -> Result<String, RuntimeError> {
        self.enter(None).await;
        let text = self.world().logs.get(&id).cloned().unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        Ok(lines.get(lines.len().saturating_sub(tail)..).unwrap_or_default().join("\n"))
    }

    async fn dial(&self, id: AgentId, port: u16) -> Result<Box<dyn Duplex>, RuntimeError> {
        self.enter(Some(Call::Dial(id, port))).await;
        let running = self.world().agents.get(&id).is_some_and(|o| o.state == Observed::Running);
        if port != TERMINAL_PORT || !running {
            return Err(RuntimeError::NotFound);
        }
        let (ours, theirs) = tokio::io::duplex(STREAM_CAPACITY);
        self.dialled.send((id, theirs)).map_err(|_| RuntimeError::NotFound)?;
        Ok(Box::new(ours))
    }

    fn events(&self) -> BoxStream<'static, Observation> {
        let stream = BroadcastStream::new(self.events.subscribe());
        let stream: Pin<Box<dyn futures::Stream<Item = Observation> + Send>> =
            Box::pin(stream.filter_map(|item| async move { item.ok() }));
        stream
    }
}

impl std::fmt::Debug for FakeRuntime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeRuntime").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::GitIdentity;

    fn spec() -> AgentSpec {
        let text = "0190b5c6-7d2a-7cc3-9c41-3a8f0c5d1e22";
        AgentSpec {
            id: text.parse().unwrap(),
            user_id: text.parse().unwrap(),
            project_id: text.parse().unwrap(),
            name: "otter".into(),
            generation: 1,
            git_identity: GitIdentity { name: "Ada".into(), email: "ada@example.org".into() },
            repository: None,
            start_command: String::new(),
            limits: domain::AgentLimits::default(),
            terminal_password: "x".into(),
            mode: domain::AgentMode::Manual,
            token: None,
            credentials: Vec::new(),
            env: BTreeMap::new(),
        }
    }

    #[tokio::test]
    async fn it_does_what_it_was_told_to() {
        let fake = FakeRuntime::new();
        let spec = spec();
        let id = spec.id;
        let mut events = fake.events();
        assert_eq!(fake.observe(id).await.unwrap().state, Observed::Absent);
        fake.fail_ensure(|| RuntimeError::Timeout("the test"));
        assert!(fake.ensure(&spec).await.is_err());
        fake.set_start(Start::ByHand);
        assert_eq!(fake.ensure(&spec).await.unwrap().state, Observed::Starting);
        assert!(fake.dial(id, TERMINAL_PORT).await.is_err());
        fake.report(Observation::plain(id, Observed::Running));
        let seen = [events.next().await.unwrap().state, events.next().await.unwrap().state];
        assert_eq!(seen, [Observed::Starting, Observed::Running]);

        let mut ours = fake.dial(id, TERMINAL_PORT).await.unwrap();
        let (whose, mut theirs) = fake.accept().await.unwrap();
        assert_eq!(whose, id);
        ours.write_all(b"hi").await.unwrap();
        let mut read = [0; 2];
        theirs.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"hi");

        fake.stop(id).await.unwrap();
        fake.remove(id).await.unwrap();
        assert_eq!(fake.inventory().await.unwrap(), []);
        assert_eq!(fake.calls().len(), 6);
    }
}
