//! Agents: what people ask for. How it comes true is tested next door.

use domain::{ErrorCode, Observation, Observed, Phase, Project, SandboxKind};
use runtime::AgentRuntime as _;

use super::{reconcile::Next, restarts::Ledger, *};
use crate::testing::{Bed, drain, launch, settings};

mod converge;
mod crash;
mod fail;
mod orphan;
mod turns;

impl Bed {
    /// One look at the agent, as the reconciler does it.
    pub(crate) async fn look_at(&self, id: AgentId) {
        self.look_with(&Ledger::default(), id).await;
    }

    /// One look at an agent of which the runtime has said something.
    pub(crate) async fn hear(&self, heard: Observation) {
        self.inner().reconcile(&Ledger::default(), heard.agent_id, Some(heard)).await.unwrap();
    }

    async fn look_with(&self, restarts: &Ledger, id: AgentId) -> Next {
        self.inner().reconcile(restarts, id, None).await.unwrap()
    }

    async fn read(&self, caller: &Caller, id: AgentId) -> Agent {
        self.services.agents().get(caller, id).await.unwrap()
    }
}

async fn bed() -> (Bed, Caller, Project) {
    let bed = Bed::new().await;
    let ann = bed.user("ann").await;
    let project = bed.project(&ann, "p").await;
    (bed, ann, project)
}

/// What a timeline says, in short.
async fn story(bed: &Bed, caller: &Caller, id: AgentId) -> Vec<String> {
    let timeline = bed.services.agents().timeline(caller, id).await.unwrap();
    let told = timeline.into_iter().map(|event| match event.kind {
        EventKind::AgentPhaseChanged { from, to, .. } => format!("{}: {from} to {to}", event.actor.name),
        EventKind::AgentLaunched => format!("{}: launch", event.actor.name),
        EventKind::AgentStopRequested => format!("{}: stop", event.actor.name),
        EventKind::AgentStartRequested => format!("{}: start", event.actor.name),
        EventKind::AgentDeleteRequested => format!("{}: delete", event.actor.name),
        other => format!("{other:?}"),
    });
    told.collect()
}

#[tokio::test]
async fn a_launch_answers_before_anything_runs_and_takes_what_the_project_says() {
    let (bed, ann, _) = bed().await;
    let input = domain::NewProject {
        name: "with defaults".into(),
        repository_url: Some("https://git.example.com/a/b.git".into()),
        default_branch: Some("dev".into()),
        start_command: Some("claude".into()),
        working_limit: None,
    };
    let project = bed.services.projects().create(&ann, input).await.unwrap();
    let agent = bed.services.agents().launch(&ann, launch(&project, None)).await.unwrap();
    assert_eq!((agent.desired, agent.phase, agent.generation), (Desired::Running, Phase::Pending, 1));
    assert_eq!((agent.start_command.as_str(), agent.project_name.as_str()), ("claude", "with defaults"));
    assert_eq!(domain::validate::agent_name(&agent.name), Ok(agent.name.clone()));
    assert_eq!(bed.runtime.calls(), []);

    bed.look_at(agent.id).await;
    let spec = bed.runtime.spec(agent.id).unwrap();
    let repository = spec.repository.unwrap();
    assert_eq!((repository.url.as_str(), repository.branch.as_str()), ("https://git.example.com/a/b.git", "dev"));
    assert_eq!(spec.git_identity.email, "ann@users.noreply.aiworker.local");
    assert_eq!(spec.env["USER_ID"], ann.user.id.to_string());
    assert_eq!(spec.env["POD_NAME"], agent.pod_name);
    assert_eq!(spec.env["MCP_ENDPOINT"], "http://127.0.0.1:3000/mcp");
}

#[tokio::test]
async fn names_and_numbers_of_agents_are_limited() {
    let (bed, ann, project) = bed().await;
    let agents = bed.services.agents();
    bed.agent(&ann, &project, "otter").await;
    let taken = agents.launch(&ann, launch(&project, Some("otter"))).await.unwrap_err();
    assert_eq!((taken.code(), taken.fields()[0].field.as_str()), (ErrorCode::NameTaken, "name"));
    let many = (0..6).map(|_| agents.launch(&ann, launch(&project, None)));
    let outcomes = futures::future::join_all(many).await;
    let limit = outcomes.iter().filter_map(|outcome| outcome.as_ref().err().map(Error::code)).collect::<Vec<_>>();
    assert_eq!(limit, [ErrorCode::AgentLimit; 4]);
    let first = agents.list(&ann).await.unwrap().remove(0);
    agents.delete(&ann, first.id).await.unwrap();
    assert!(agents.launch(&ann, launch(&project, Some("otter"))).await.is_ok(), "its name and its place are free");
}

#[tokio::test]
async fn asking_twice_is_asking_once_and_deletion_is_final() {
    let (bed, ann, project) = bed().await;
    let agents = bed.services.agents();
    let agent = bed.agent(&ann, &project, "otter").await;
    let mut events = bed.services.live().subscribe(&ann, None).unwrap();
    drain(&mut events);
    let stopped = agents.stop(&ann, agent.id).await.unwrap();
    assert_eq!(agents.stop(&ann, agent.id).await.unwrap(), stopped);
    let started = agents.start(&ann, agent.id).await.unwrap();
    assert_eq!((stopped.generation, started.generation), (2, 3));
    let deleted = agents.delete(&ann, agent.id).await.unwrap();
    assert_eq!(agents.delete(&ann, agent.id).await.unwrap(), deleted);
    assert_eq!(drain(&mut events).len(), 3);
    for refused in [agents.start(&ann, agent.id).await, agents.stop(&ann, agent.id).await] {
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::InvalidTransition);
        assert_eq!(refused.public_message(), "otter is being deleted; that cannot be undone.");
    }
    assert_eq!(story(&bed, &ann, agent.id).await, ["ann: launch", "ann: stop", "ann: start", "ann: delete"]);
    let audit = bed.services.accounts().audit(&ann, 4).await.unwrap();
    let actions: Vec<_> = audit.iter().map(|entry| entry.action).collect();
    assert_eq!(
        actions,
        [AuditAction::DeleteAgent, AuditAction::StartAgent, AuditAction::StopAgent, AuditAction::LaunchAgent]
    );
}

#[tokio::test]
async fn without_a_sandbox_only_the_first_user_launches_and_starts() {
    let bed = Bed::with(settings(), SandboxKind::None).await;
    let (ann, bob) = (bed.user("ann").await, bed.user("bob").await);
    let project = bed.project(&bob, "p").await;
    let refused = bed.services.agents().launch(&bob, launch(&project, None)).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Unsandboxed);
    let denied = bed.services.accounts().audit(&ann, 1).await.unwrap().remove(0);
    assert_eq!((denied.action, denied.outcome), (AuditAction::LaunchAgent, Outcome::Denied));
    assert!(bed.services.agents().launch(&ann, launch(&bed.project(&ann, "p").await, None)).await.is_ok());

    let allowing = crate::Settings { allow_unsandboxed: true, ..settings() };
    let allowing = bed.restarted(allowing, SandboxKind::None);
    let agent = allowing.agents().launch(&bob, launch(&project, None)).await.unwrap();
    allowing.0.reconcile(&Ledger::default(), agent.id, None).await.unwrap();
    assert_eq!(bed.read(&bob, agent.id).await.phase, Phase::Idle);
    // The operator takes it back: what runs is ended and says why.
    bed.look_at(agent.id).await;
    let agent = bed.read(&bob, agent.id).await;
    assert_eq!((agent.phase, agent.reason), (Phase::Failed, Some(domain::Reason::Unsandboxed)));
    assert_eq!(bed.runtime.observe(agent.id).await.unwrap().state, Observed::Stopped);
    assert_eq!(bed.services.agents().start(&bob, agent.id).await.unwrap_err().code(), ErrorCode::Unsandboxed);
}

#[tokio::test]
async fn a_project_with_agents_is_not_deleted_and_names_them() {
    let (bed, ann, project) = bed().await;
    let agent = bed.agent(&ann, &project, "otter").await;
    bed.agent(&ann, &project, "seal").await;
    let delete = async || bed.services.projects().delete(&ann, project.id).await;
    let message = delete().await.unwrap_err().public_message();
    assert_eq!(message, "This project still has agents: otter, seal. Delete them first.");
    for agent in bed.services.agents().list(&ann).await.unwrap() {
        bed.services.agents().delete(&ann, agent.id).await.unwrap();
    }
    let message = delete().await.unwrap_err().public_message();
    assert!(message.starts_with("The agents of this project are still being deleted: otter, seal."));
    for agent in bed.services.agents().list(&ann).await.unwrap() {
        bed.look_at(agent.id).await;
    }
    delete().await.unwrap();
    assert_eq!(bed.services.agents().get(&ann, agent.id).await.unwrap_err().code(), ErrorCode::NotFound);
}

#[tokio::test]
async fn logs_are_those_of_the_runtime_and_none_is_no_error() {
    let (bed, ann, project) = bed().await;
    let agent = bed.agent(&ann, &project, "otter").await;
    assert_eq!(bed.services.agents().logs(&ann, agent.id, 5).await.unwrap(), "");
    bed.runtime.set_logs(agent.id, "one\ntwo\nthree");
    assert_eq!(bed.services.agents().logs(&ann, agent.id, 2).await.unwrap(), "two\nthree");
    bed.runtime.set_hanging(true);
    let agents = bed.services.agents();
    let (logs, ()) = tokio::join!(agents.logs(&ann, agent.id, 2), async {
        while bed.clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        bed.clock.advance(std::time::Duration::from_mins(1));
    });
    assert_eq!(logs.unwrap_err().code(), ErrorCode::Unavailable);
}
