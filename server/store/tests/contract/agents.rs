//! Agents.

use domain::{Agent, AgentId, AgentLimits, Desired, EventKind, FirstAgents, Phase, ProjectId, Reason, Subject};
use futures::future::join_all;
use store::{InsertAgent, LaunchFacts, NewAgent, PhaseChange};

use crate::support::{TestStore, agent_event, at, new_agent, next_uuid, observed};

store_test! {
    async fn an_agent_reads_back_for_its_owner_alone(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        let garden = db.project(&ann, "garden").await;
        let new = new_agent(&garden, "otter");
        let launched = db.insert_agent(ann.id, &new, 1, &agent_event(new.id, EventKind::AgentLaunched)).await.unwrap();
        let agent = Agent {
            id: new.id,
            user_id: ann.id,
            project_id: garden.id,
            project_name: "garden".into(),
            name: "otter".into(),
            pod_name: Agent::pod_name_of(new.id),
            desired: Desired::Running,
            phase: Phase::Pending,
            reason: None,
            message: String::new(),
            step: None,
            start_command: "claude --continue".into(),
            mode: domain::AgentMode::Autopilot,
            limits: AgentLimits { memory_mib: 512, processes: 64 },
            generation: 1,
            created_at: at(40),
            phase_since: at(40),
        };
        assert_eq!(launched, InsertAgent::Inserted(Box::new(agent.clone())));
        assert_eq!(db.store.agent(ann.id, agent.id).await.unwrap(), Some(agent.clone()));
        assert_eq!(db.store.agent(bob.id, agent.id).await.unwrap(), None);
        assert_eq!(db.agent_unscoped(agent.id).await.unwrap(), Some(agent.clone()));
        assert_eq!(db.agents(ann.id).await.unwrap(), std::slice::from_ref(&agent));
        assert!(db.agents(bob.id).await.unwrap().is_empty());
        assert_eq!(db.all_agents().await.unwrap(), [agent]);
        assert_eq!(db.events(ann.id, Subject::Agent(new.id), 10).await.unwrap().len(), 1);
    }

    async fn of_many_agents_the_newest_are_read_and_all_are_counted(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        let (garden, shed) = (db.project(&ann, "garden").await, db.project(&bob, "shed").await);
        assert_eq!(db.first_agents(ann.id, 2, 0).await.unwrap(), FirstAgents { agents: vec![], phases: vec![] });
        db.agent(&bob, &shed, "bobs-own").await;
        let mut agents = Vec::new();
        for name in ["a", "b", "c"] {
            agents.push(db.agent(&ann, &garden, name).await);
        }
        let seen = observed(&agents[0], Phase::Idle);
        agents[0] = db.set_phase(&seen, None).await.unwrap().unwrap();
        agents.reverse();
        let phases = vec![(Phase::Idle, 1), (Phase::Pending, 2)];
        let sorted = |mut first: FirstAgents| {
            first.phases.sort_by_key(|(phase, _)| phase.as_str());
            first
        };
        let first = sorted(db.first_agents(ann.id, 2, 2).await.unwrap());
        assert!(!first.is_all());
        assert_eq!(first, FirstAgents { agents: agents[..2].to_vec(), phases: phases.clone() });
        for (rows, whole) in [(9, 0), (1, 3)] {
            let all = sorted(db.first_agents(ann.id, rows, whole).await.unwrap());
            assert!(all.is_all(), "{rows} rows, whole to {whole}");
            assert_eq!(all, FirstAgents { agents: agents.clone(), phases: phases.clone() });
        }
    }

    async fn of_many_launches_as_many_succeed_as_are_allowed(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        let (garden, shed) = (db.project(&ann, "garden").await, db.project(&bob, "shed").await);
        db.agent(&bob, &shed, "bobs-own").await;
        let replica = db.replica().await;
        let launches = (0..10).map(|i| {
            let store = if i % 2 == 0 { db.store.clone() } else { replica.clone() };
            let agent = new_agent(&garden, &format!("agent-{i}"));
            let event = agent_event(agent.id, EventKind::AgentLaunched);
            tokio::spawn(async move { store.insert_agent(ann.id, &agent, 3, &event).await.unwrap() })
        });
        let outcomes: Vec<_> = join_all(launches).await.into_iter().map(Result::unwrap).collect();
        let inserted = outcomes.iter().filter(|outcome| matches!(outcome, InsertAgent::Inserted(_))).count();
        let refused = outcomes.iter().filter(|outcome| **outcome == InsertAgent::LimitReached).count();
        assert_eq!((inserted, refused), (3, 7), "{outcomes:?}");
        assert_eq!(db.agents(ann.id).await.unwrap().len(), 3);
    }

    async fn of_many_launches_of_one_name_one_succeeds(db: TestStore) {
        let ann = db.user("ann").await;
        let garden = db.project(&ann, "garden").await;
        let launches = (0..8).map(|_| {
            let (store, agent) = (db.store.clone(), new_agent(&garden, "otter"));
            let event = agent_event(agent.id, EventKind::AgentLaunched);
            tokio::spawn(async move { store.insert_agent(ann.id, &agent, 100, &event).await.unwrap() })
        });
        let outcomes: Vec<_> = join_all(launches).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == InsertAgent::NameTaken).count(), 7, "{outcomes:?}");
        let bob = db.user("bob").await;
        let shed = db.project(&bob, "shed").await;
        db.agent(&bob, &shed, "otter").await;
    }

    async fn an_agent_works_on_a_project_of_its_owner(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        let garden = db.project(&ann, "garden").await;
        assert_eq!(db.launch(&bob, &garden, "otter", 9).await, InsertAgent::ProjectNotFound);
        let nowhere = NewAgent { project_id: ProjectId::from_uuid(next_uuid()), ..new_agent(&garden, "otter") };
        let event = agent_event(nowhere.id, EventKind::AgentLaunched);
        assert_eq!(db.insert_agent(ann.id, &nowhere, 9, &event).await.unwrap(), InsertAgent::ProjectNotFound);
    }

    async fn wanting_something_else_raises_the_generation_once(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        let garden = db.project(&ann, "garden").await;
        let otter = db.agent(&ann, &garden, "otter").await;
        let set = async |owner, desired| {
            let event = agent_event(otter.id, EventKind::AgentStopRequested);
            db.set_desired(owner, otter.id, desired, at(70), &event).await.unwrap()
        };
        assert_eq!(set(bob.id, Desired::Stopped).await, None);
        assert_eq!(set(ann.id, Desired::Running).await, Some(otter.clone()));
        let stopped = set(ann.id, Desired::Stopped).await.unwrap();
        assert_eq!((stopped.desired, stopped.generation, stopped.phase), (Desired::Stopped, 2, Phase::Pending));
        assert_eq!(set(ann.id, Desired::Stopped).await, Some(stopped));
        assert_eq!(db.events(ann.id, Subject::Agent(otter.id), 10).await.unwrap().len(), 2);
        let gone = AgentId::from_uuid(next_uuid());
        let event = agent_event(gone, EventKind::AgentStopRequested);
        assert_eq!(db.set_desired(ann.id, gone, Desired::Stopped, at(70), &event).await.unwrap(), None);
    }

    async fn starting_a_failed_agent_tries_again(db: TestStore) {
        let ann = db.user("ann").await;
        let garden = db.project(&ann, "garden").await;
        let otter = db.agent(&ann, &garden, "otter").await;
        db.set_phase(&observed(&otter, Phase::Failed), None).await.unwrap().unwrap();
        let event = agent_event(otter.id, EventKind::AgentStartRequested);
        let again = db.set_desired(ann.id, otter.id, Desired::Running, at(70), &event).await.unwrap().unwrap();
        assert_eq!((again.generation, again.phase), (2, Phase::Failed));
    }

    async fn deletion_is_final_and_frees_name_and_place(db: TestStore) {
        let ann = db.user("ann").await;
        let garden = db.project(&ann, "garden").await;
        let otter = db.agent(&ann, &garden, "otter").await;
        let set = async |desired| {
            let event = agent_event(otter.id, EventKind::AgentDeleteRequested);
            db.set_desired(ann.id, otter.id, desired, at(70), &event).await.unwrap()
        };
        let deleted = set(Desired::Deleted).await.unwrap();
        assert_eq!((deleted.desired, deleted.generation, deleted.name.as_str()), (Desired::Deleted, 2, "otter"));
        assert_eq!(set(Desired::Running).await, None);
        assert_eq!(set(Desired::Stopped).await, None);
        assert_eq!(set(Desired::Deleted).await, Some(deleted));
        // The name and the place are free while the runtime still cleans up, and again and again.
        let next = match db.launch(&ann, &garden, "otter", 1).await {
            InsertAgent::Inserted(agent) => *agent,
            refused => panic!("{refused:?}"),
        };
        let event = agent_event(next.id, EventKind::AgentDeleteRequested);
        db.set_desired(ann.id, next.id, Desired::Deleted, at(71), &event).await.unwrap().unwrap();
        assert!(matches!(db.launch(&ann, &garden, "otter", 1).await, InsertAgent::Inserted(_)));
        assert!(db.delete_agent(otter.id, None).await.unwrap());
        assert!(!db.delete_agent(otter.id, None).await.unwrap());
    }

    async fn stop_and_delete_at_once_end_in_deletion(db: TestStore) {
        let ann = db.user("ann").await;
        let garden = db.project(&ann, "garden").await;
        let otter = db.agent(&ann, &garden, "otter").await;
        let wishes = [Desired::Stopped, Desired::Deleted, Desired::Running, Desired::Stopped, Desired::Deleted];
        let attempts = wishes.map(|desired| {
            let (store, event) = (db.store.clone(), agent_event(otter.id, EventKind::AgentStopRequested));
            tokio::spawn(async move { store.set_desired(ann.id, otter.id, desired, at(70), &event).await.unwrap() })
        });
        join_all(attempts).await.into_iter().for_each(|outcome| drop(outcome.unwrap()));
        assert_eq!(db.store.agent(ann.id, otter.id).await.unwrap().unwrap().desired, Desired::Deleted);
    }

    async fn a_phase_is_set_when_it_is_news_about_the_present(db: TestStore) {
        let ann = db.user("ann").await;
        let garden = db.project(&ann, "garden").await;
        let otter = db.agent(&ann, &garden, "otter").await;
        let event = || agent_event(otter.id, EventKind::AgentStopRequested);
        let failed = PhaseChange {
            reason: Some(Reason::OutOfMemory),
            message: "It used more than 512 MiB.".into(),
            ..observed(&otter, Phase::Failed)
        };
        let after = db.set_phase(&failed, Some(&event())).await.unwrap().unwrap();
        assert_eq!((after.phase, after.reason, after.phase_since), (Phase::Failed, Some(Reason::OutOfMemory), at(100)));
        assert_eq!(db.set_phase(&failed, Some(&event())).await.unwrap(), None);
        // Another sentence about the same phase is news, but not another phase.
        let reworded = PhaseChange { message: "Give it more memory.".into(), reason: None, at: at(200), ..failed.clone() };
        let after = db.set_phase(&reworded, None).await.unwrap().unwrap();
        assert_eq!((after.message.as_str(), after.reason, after.phase_since), ("Give it more memory.", None, at(100)));
        // An observation of what is no longer wanted says nothing.
        let past = PhaseChange { expected_generation: 7, phase: Phase::Idle, ..failed.clone() };
        assert_eq!(db.set_phase(&past, Some(&event())).await.unwrap(), None);
        let gone = PhaseChange { id: AgentId::from_uuid(next_uuid()), ..failed };
        assert_eq!(db.set_phase(&gone, None).await.unwrap(), None);
        assert_eq!(db.events(ann.id, Subject::Agent(otter.id), 10).await.unwrap().len(), 2);
    }

    async fn many_who_see_the_same_note_it_once(db: TestStore) {
        let ann = db.user("ann").await;
        let garden = db.project(&ann, "garden").await;
        let otter = db.agent(&ann, &garden, "otter").await;
        let replica = db.replica().await;
        let sightings = (0..8).map(|i| {
            let store = if i % 2 == 0 { db.store.clone() } else { replica.clone() };
            let (change, event) =
                (observed(&otter, Phase::Idle), agent_event(otter.id, EventKind::AgentStartRequested));
            tokio::spawn(async move { store.set_phase(&change, Some(&event)).await.unwrap() })
        });
        assert_eq!(join_all(sightings).await.into_iter().filter_map(Result::unwrap).count(), 1);
        assert_eq!(db.events(ann.id, Subject::Agent(otter.id), 10).await.unwrap().len(), 2);
    }

    async fn launch_facts_come_from_owner_and_project(db: TestStore) {
        let ann = db.user("ann").await;
        let garden = db.project(&ann, "garden").await;
        let otter = db.agent(&ann, &garden, "otter").await;
        let facts = LaunchFacts {
            agent: otter.clone(),
            username: "ann".into(),
            repository_url: garden.repository_url,
            default_branch: "trunk".into(),
        };
        assert_eq!(db.agent_launch_facts(otter.id).await.unwrap(), Some(facts));
        assert_eq!(db.agent_launch_facts(AgentId::from_uuid(next_uuid())).await.unwrap(), None);
    }

    async fn an_account_takes_everything_with_it(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        let (garden, shed) = (db.project(&ann, "garden").await, db.project(&bob, "shed").await);
        db.task(&garden, "dig").await;
        db.agent(&ann, &garden, "otter").await;
        let left = db.agent(&bob, &shed, "finch").await;
        db.execute(&format!("DELETE FROM users WHERE id = '{}'", ann.id)).await;
        assert_eq!(db.all_agents().await.unwrap(), [left]);
        assert!(db.projects(ann.id).await.unwrap().is_empty());
    }
}
