//! A session between a client and an agent, both as their documents describe them, with a network that cuts, stalls and
//! delays. Whatever happens in whatever order: in the end the client shows the agent's output without a gap and without
//! anything twice, and every key was typed once.

use std::collections::VecDeque;

use domain::terminal::{ClientFrame, Welcome};
use proptest::prelude::*;

use super::*;

/// History that an attachment begins with, in bytes.
const HISTORY: usize = 100_000;
/// What the last bytes stand for: the screen, which tmux paints.
const PAINTED: usize = 10;

#[derive(Debug, Clone)]
enum Step {
    Print(usize),
    Type(u8),
    Resize(u16),
    Wait(u16),
    /// Frames travel, so many in each direction; what arrives is parsed and acknowledged unless the client is stalled.
    Travel(u8),
    Stall(bool),
    /// The connection is lost with everything under way.
    Cut,
    Return,
    AgentAnswers,
    /// The agent's terminal takes so many frames of what was typed.
    AgentTakes(u8),
    AgentDies,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop_oneof![3 => 1_usize..200, 1 => 1_usize..200_000].prop_map(Step::Print),
        4 => any::<u8>().prop_map(Step::Type),
        1 => (10_u16..500).prop_map(Step::Resize),
        3 => prop_oneof![9 => 0_u16..3000, 1 => 3000_u16..25_000].prop_map(Step::Wait),
        8 => (1_u8..60).prop_map(Step::Travel),
        1 => any::<bool>().prop_map(Step::Stall),
        2 => Just(Step::Cut),
        4 => Just(Step::Return),
        6 => Just(Step::AgentAnswers),
        4 => (1_u8..10).prop_map(Step::AgentTakes),
        1 => Just(Step::AgentDies),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AgentState {
    Gone,
    Dialled,
    Asked,
    /// It has said all of its history, up to this byte, and waits for the receipt.
    Told(usize),
    Shown,
}

#[derive(Default)]
struct Client {
    known: Option<Resume>,
    welcomed: bool,
    stalled: bool,
    /// The agent's terminal died, and nobody can know what it had taken.
    may_lose: bool,
    shown: Vec<u8>,
    unparsed: u64,
    next_input: u32,
    unacked: VecDeque<(u32, Vec<u8>)>,
}

struct World {
    session: Session,
    now: Instant,
    connected: bool,
    is_over: bool,
    cut_at: Instant,
    client: Client,
    to_client: VecDeque<Vec<u8>>,
    to_server: VecDeque<ClientFrame>,
    agent: AgentState,
    from_agent: VecDeque<Vec<u8>>,
    /// What the agent's terminal has not taken yet, of this leg and of the one before.
    to_agent: VecDeque<Vec<u8>>,
    draining: Option<VecDeque<Vec<u8>>>,
    printed: Vec<u8>,
    typed: Vec<u8>,
    arrived: Vec<u8>,
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        let mut world = Self {
            session: Session::new("key".into(), &hello(), KEEP, now),
            now,
            connected: true,
            is_over: false,
            cut_at: now,
            client: Client::default(),
            to_client: VecDeque::new(),
            to_server: VecDeque::new(),
            agent: AgentState::Gone,
            from_agent: VecDeque::new(),
            to_agent: VecDeque::new(),
            draining: None,
            printed: vec![b'$'; PAINTED],
            typed: Vec::new(),
            arrived: Vec::new(),
        };
        world.perform();
        world
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Print(bytes) => {
                let at = self.printed.len();
                // Without the escape character: what may be a question of tmux waits for its end.
                self.printed.extend((at..at + bytes).map(|number| u8::try_from(28 + number % 227).unwrap()));
                if self.agent == AgentState::Shown {
                    for chunk in self.printed[at..].chunks(4095) {
                        self.from_agent.push_back([b"0", chunk].concat());
                    }
                }
            }
            Step::Type(key) => self.type_key(key),
            Step::Resize(cols) if self.connected && self.client.welcomed => {
                self.to_server.push_back(ClientFrame::Resize(Size { cols, rows: 24 }));
            }
            Step::Wait(millis) => self.wait(Duration::from_millis(millis.into())),
            Step::Travel(frames) => (0..frames).for_each(|_| self.travel()),
            Step::Stall(stalled) => self.client.stalled = stalled,
            Step::Cut if self.connected => {
                self.connected = false;
                self.cut_at = self.now;
                self.to_client.clear();
                self.to_server.clear();
                self.session.on_browser_lost(self.now);
            }
            Step::Return if !self.connected => self.come_back(),
            Step::AgentAnswers => self.agent_answers(),
            Step::AgentTakes(frames) => (0..frames).for_each(|_| self.agent_takes()),
            Step::AgentDies if !matches!(self.agent, AgentState::Gone) => {
                self.from_agent.clear();
                // What dies with a terminal is another story than what dies with a leg that was closed.
                self.arrived.extend(self.to_agent.drain(..).flatten());
                self.client.may_lose = true;
                let was_attached = std::mem::replace(&mut self.agent, AgentState::Gone) != AgentState::Dialled;
                if was_attached {
                    self.session.on_ttyd_gone(self.now);
                } else {
                    self.session.on_attach_failed(None, self.now);
                }
            }
            _ => {}
        }
        self.perform();
    }

    fn type_key(&mut self, key: u8) {
        self.typed.push(key);
        let seq = self.client.next_input;
        self.client.next_input += 1;
        self.client.unacked.push_back((seq, vec![key]));
        if self.connected && self.client.welcomed {
            self.to_server.push_back(ClientFrame::Input { seq, bytes: vec![key] });
        }
    }

    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while !self.is_over && self.session.deadline(self.now) <= until {
            self.now = self.session.deadline(self.now).max(self.now + Duration::from_micros(1));
            // The pongs of both sides.
            if self.connected {
                self.session.on_browser_pong(self.now);
            }
            if self.session.accepts_output() {
                self.session.on_ttyd_pong(self.now);
            }
            self.session.on_time(self.now);
            self.perform();
        }
        self.now = until;
        if !self.connected && self.now > self.cut_at + KEEP / 2 {
            self.come_back();
        }
    }

    fn come_back(&mut self) {
        self.connected = true;
        self.client.welcomed = false;
        self.client.unparsed = 0;
        self.session.on_return(&Hello { resume: self.client.known.clone(), ..hello() }, self.now);
        self.perform();
    }

    fn agent_answers(&mut self) {
        match self.agent {
            AgentState::Dialled => {
                self.agent = AgentState::Asked;
                self.session.on_attached(self.now);
                self.session.on_ttyd(&[b"0", GREETING_2].concat(), self.now);
            }
            AgentState::Asked | AgentState::Gone => {}
            AgentState::Told(_) | AgentState::Shown => {
                if self.session.accepts_output()
                    && let Some(message) = self.from_agent.pop_front()
                {
                    self.session.on_ttyd(&message, self.now);
                }
            }
        }
        self.perform();
    }

    /// Legs are independent of each other: what was typed into the new one may well be taken first.
    fn agent_takes(&mut self) {
        self.arrived.extend(self.to_agent.pop_front().into_iter().flatten());
        if let Some(frames) = &mut self.draining {
            self.arrived.extend(frames.pop_front().into_iter().flatten());
            if frames.is_empty() {
                self.draining = None;
                self.session.on_drained(true, self.now);
            }
        }
        self.perform();
    }

    fn travel(&mut self) {
        self.now += Duration::from_millis(1);
        if !self.connected {
            return;
        }
        if let Some(frame) = self.to_server.pop_front() {
            self.session.on_frame(Ok(frame), self.now);
        }
        if !self.client.stalled
            && let Some(frame) = self.to_client.pop_front()
        {
            self.to_server.extend(self.client.read(&frame));
        }
        if !self.client.stalled && self.to_client.is_empty() {
            self.to_server.extend(self.client.parse());
        }
        self.perform();
    }

    fn perform(&mut self) {
        while let Some(effect) = self.session.next_effect() {
            match effect {
                Effect::Attach { .. } => {
                    self.agent = AgentState::Dialled;
                    self.from_agent.clear();
                    self.to_agent.clear();
                }
                Effect::Detach => {
                    self.agent = AgentState::Gone;
                    self.from_agent.clear();
                    self.to_agent.clear();
                }
                Effect::Drain => {
                    assert!(self.draining.is_none(), "two legs drain");
                    self.draining = Some(std::mem::take(&mut self.to_agent));
                }
                Effect::Close => assert!(self.draining.is_none(), "it has keys"),
                Effect::ToBrowser(frame) => {
                    assert!(self.connected, "nobody is there");
                    self.to_client.push_back(frame);
                }
                Effect::ToTtyd(frame) => self.on_typed(&frame),
                Effect::DropBrowser => self.connected = false,
                Effect::Ping | Effect::Note(_) => {}
                // The agent did not answer for too long, which is a reason.
                Effect::End(Ending::Told(end)) if end.code == EndCode::Unreachable => self.is_over = true,
                Effect::End(ending) => panic!("it ended: {ending:?}"),
            }
        }
        let held = self.session.outbox.waiting() + self.session.outbox.in_flight();
        assert!(held <= 600 << 10, "{held} bytes are held");
    }

    fn on_typed(&mut self, frame: &[u8]) {
        match (self.agent, frame[0]) {
            (AgentState::Asked, b'0') => {
                assert!(frame.starts_with(b"0: attach "), "typed before the screen");
                let end = self.printed.len() - PAINTED;
                let history = &self.printed[end.saturating_sub(HISTORY)..end];
                self.from_agent.push_back([b"0", SHELL].concat());
                self.from_agent.extend(history.chunks(4095).map(|chunk| [b"0", chunk].concat()));
                self.from_agent.push_back([b"0", SCREEN].concat());
                self.agent = AgentState::Told(end);
            }
            (AgentState::Told(end), b'0') => {
                assert_eq!(frame[1..], *crate::terminal::prelude::RECEIPT, "typed before the screen");
                assert!(self.from_agent.is_empty(), "not everything has come");
                self.from_agent.push_back([b"0", &self.printed[end..]].concat());
                self.agent = AgentState::Shown;
            }
            (AgentState::Shown, b'0') => self.to_agent.push_back(frame[1..].to_vec()),
            (_, b'1') => {}
            (agent, _) => panic!("{frame:?} to an agent that is {agent:?}"),
        }
    }

    /// Everything calms down.
    fn settle(&mut self) {
        self.client.stalled = false;
        if !self.connected {
            self.come_back();
        }
        for _ in 0..20_000 {
            let to_agent = self.to_agent.len() + self.draining.as_ref().map_or(0, |frames| 1 + frames.len());
            let before = (self.to_client.len(), self.to_server.len(), self.from_agent.len(), to_agent);
            self.travel();
            self.agent_answers();
            self.agent_takes();
            if before == (0, 0, 0, 0) && self.agent == AgentState::Shown {
                self.wait(Duration::from_millis(400));
                if self.to_client.is_empty() && self.from_agent.is_empty() && self.agent == AgentState::Shown {
                    return;
                }
            }
        }
        panic!("it never calms down");
    }
}

impl Client {
    /// A frame came; what the client says to it.
    fn read(&mut self, frame: &[u8]) -> Vec<ClientFrame> {
        match ServerFrame::decode(frame).unwrap() {
            ServerFrame::Welcome(welcome) => return self.welcomed(welcome),
            ServerFrame::Reset(reset) => {
                assert!(!reset.input_lost || self.may_lose);
                let known = self.known.as_mut().unwrap();
                (known.epoch, known.seq) = (reset.epoch, 0);
                self.unparsed = 0;
                self.shown.clear();
            }
            ServerFrame::Output { seq, bytes } => {
                let known = self.known.as_mut().unwrap();
                assert_eq!(seq, known.seq, "a gap");
                known.seq += bytes.len() as u64;
                self.unparsed += bytes.len() as u64;
                self.shown.extend(bytes);
            }
            ServerFrame::InputAck(next) => self.unacked.retain(|(seq, _)| *seq >= next),
            ServerFrame::Status(_) | ServerFrame::Pong { .. } => {}
            ServerFrame::End(end) => panic!("{end:?}"),
        }
        Vec::new()
    }

    fn welcomed(&mut self, welcome: Welcome) -> Vec<ClientFrame> {
        let known = Resume { session: welcome.session, epoch: welcome.epoch, seq: welcome.seq };
        let goes_on = self.known.as_ref().is_some_and(|before| before.epoch == known.epoch);
        if goes_on {
            assert_eq!(self.known.as_ref().map(|before| before.seq), Some(known.seq));
        } else {
            assert_eq!(known.seq, 0);
            self.shown.clear();
        }
        self.known = Some(known);
        self.welcomed = true;
        self.unacked.retain(|(seq, _)| *seq >= welcome.input);
        self.unacked.iter().map(|(seq, bytes)| ClientFrame::Input { seq: *seq, bytes: bytes.clone() }).collect()
    }

    fn parse(&mut self) -> Option<ClientFrame> {
        let known = self.known.as_ref()?;
        (std::mem::take(&mut self.unparsed) > 0).then_some(ClientFrame::Ack { epoch: known.epoch, seq: known.seq })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_nothing_is_lost_and_nothing_comes_twice(steps in prop::collection::vec(step(), 0..150)) {
        let mut world = World::new();
        for step in steps {
            world.step(&step);
            if world.is_over {
                return Ok(());
            }
        }
        world.settle();
        let World { client, printed, typed, arrived, .. } = world;
        prop_assert!(printed.ends_with(&client.shown), "{} of {} bytes", client.shown.len(), printed.len());
        prop_assert!(client.shown.len() >= printed.len().min(HISTORY));
        prop_assert_eq!(arrived, typed);
        prop_assert!(client.unacked.is_empty());
    }
}
