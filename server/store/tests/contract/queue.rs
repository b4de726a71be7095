//! The queue: claims that race, leases with their fences, and writes as a whole or not at all.

use std::collections::BTreeSet;

use domain::{
    Actor, Agent, AgentId, EventId, EventKind, Phase, Priority, Project, Question, QuestionId, QuestionStatus, Report,
    Subject, Task, TaskState, User, UserId,
};
use futures::future::join_all;
use store::{
    Answered, ClaimRequest, Claimant, Claimed, CloseQuestions, Fence, FenceTime, Renewal, Store, StoreError,
    TaskFilter, WhichQuestions, Work, Written,
};

use crate::support::{TestStore, at, new_task, next_uuid, task_event};

/// When everything here happens, and when a lease taken then ends.
const NOW: i64 = 1000;
const END: i64 = 1600;

fn claim(agent: &Agent) -> ClaimRequest {
    ClaimRequest { owner: agent.user_id, project_id: None, now: at(NOW), until: at(END), agents: vec![claimant(agent)] }
}

fn claimant(agent: &Agent) -> Claimant {
    Claimant {
        agent_id: agent.id,
        agent_name: agent.name.clone(),
        actor: Actor::system(),
        event_id: EventId::from_uuid(next_uuid()),
        phase_event_id: EventId::from_uuid(next_uuid()),
    }
}

async fn claim_one(store: &Store, request: &ClaimRequest) -> store::Result<Claimed> {
    let mut outcomes = store.claim_tasks(request).await?;
    assert_eq!(outcomes.len(), 1);
    Ok(outcomes.remove(0))
}

fn taken(claimed: Claimed) -> Task {
    match claimed {
        Claimed::Taken { task, .. } => *task,
        other => panic!("nothing was taken: {other:?}"),
    }
}

fn fence(task: &Task, agent: AgentId, epoch: i64, seconds: i64) -> Fence {
    Fence { task_id: task.id, agent_id: Some(agent), epoch, time: FenceTime::AliveAt(at(seconds)) }
}

fn question(agent: &Agent, task: &Task) -> Question {
    Question {
        id: QuestionId::from_uuid(next_uuid()),
        agent_id: agent.id,
        agent_name: agent.name.clone(),
        project_id: task.project_id,
        task_id: Some(task.id),
        task_title: Some(task.title.clone()),
        prompts: vec![],
        blocking: true,
        default_option: None,
        status: QuestionStatus::Pending,
        answers: vec![],
        answered_by: None,
        asked_at: at(NOW),
        expires_at: at(END),
        closed_at: None,
    }
}

async fn world(db: &TestStore) -> (User, Project, Agent) {
    let ann = db.user("ann").await;
    let garden = db.project(&ann, "garden").await;
    let otter = db.agent(&ann, &garden, "otter").await;
    (ann, garden, otter)
}

async fn with_limit(db: &TestStore, owner: UserId, project: &Project, limit: u32) {
    let limited = Project { working_limit: Some(limit), ..project.clone() };
    assert!(db.update_project(owner, &limited).await.unwrap());
}

store_test! {
    async fn tasks_go_out_by_priority_then_age_to_their_owners_agents_alone(db: TestStore) {
        let (_, garden, otter) = world(&db).await;
        let bob = db.user("bob").await;
        let yard = db.project(&bob, "yard").await;
        let beaver = db.agent(&bob, &yard, "beaver").await;
        let first = db.task(&garden, "first").await;
        db.task(&garden, "second").await;
        let urgent = Task { priority: Priority::Urgent, ..new_task(&garden, "urgent") };
        db.insert_task(&urgent, &task_event(&urgent, EventKind::TaskCreated)).await.unwrap();
        let task = taken(claim_one(&db, &claim(&otter)).await.unwrap());
        assert_eq!((task.id, task.state, task.version), (urgent.id, TaskState::InProgress, 2));
        let lease = task.lease.clone().unwrap();
        assert_eq!((lease.agent_id, lease.epoch, lease.expires_at), (otter.id, 1, at(END)));
        // Who holds a task gets that one.
        let again = claim_one(&db, &ClaimRequest { until: at(END + 60), ..claim(&otter) }).await.unwrap();
        let Claimed::Resumed(again) = again else { panic!("{again:?}") };
        assert_eq!((again.id, again.lease.unwrap().expires_at), (urgent.id, at(END + 60)));
        assert_eq!(claim_one(&db, &claim(&beaver)).await.unwrap(), Claimed::BacklogEmpty);
        let badger = db.agent(&User { id: otter.user_id, ..bob.clone() }, &garden, "badger").await;
        assert_eq!(taken(claim_one(&db, &claim(&badger)).await.unwrap()).id, first.id);
        let kinds: Vec<_> = db.events(otter.user_id, Subject::Task(first.id), 10).await.unwrap();
        assert_eq!(kinds.last().unwrap().kind, EventKind::TaskClaimed { epoch: 1 });
    }

    async fn a_task_that_waits_for_others_is_not_handed_out(db: TestStore) {
        let (ann, garden, otter) = world(&db).await;
        let dig = Task { state: TaskState::InReview, ..new_task(&garden, "dig") };
        db.insert_task(&dig, &task_event(&dig, EventKind::TaskCreated)).await.unwrap();
        let plant = Task { depends_on: vec![dig.id], ..new_task(&garden, "plant") };
        db.insert_task(&plant, &task_event(&plant, EventKind::TaskCreated)).await.unwrap();
        assert_eq!(claim_one(&db, &claim(&otter)).await.unwrap(), Claimed::WaitingForOthers);
        let done = Task { state: TaskState::Done, version: 2, ..dig };
        assert!(db.update_task(ann.id, &done, 1, &[]).await.unwrap());
        assert_eq!(taken(claim_one(&db, &claim(&otter)).await.unwrap()).id, plant.id);
    }

    async fn a_project_lets_no_more_agents_work_than_it_says(db: TestStore) {
        let (ann, garden, otter) = world(&db).await;
        with_limit(&db, ann.id, &garden, 1).await;
        let badger = db.agent(&ann, &garden, "badger").await;
        for title in ["one", "two"] {
            db.task(&garden, title).await;
        }
        taken(claim_one(&db, &claim(&otter)).await.unwrap());
        assert_eq!(claim_one(&db, &claim(&badger)).await.unwrap(), Claimed::WorkingLimit);
        let yard = db.project(&ann, "yard").await;
        let rake = db.task(&yard, "rake").await;
        assert_eq!(taken(claim_one(&db, &claim(&badger)).await.unwrap()).id, rake.id);
    }

    async fn an_agent_that_shall_not_run_gets_nothing(db: TestStore) {
        let (ann, garden, otter) = world(&db).await;
        db.task(&garden, "dig").await;
        let event = crate::support::agent_event(otter.id, EventKind::AgentStopRequested);
        db.set_desired(ann.id, otter.id, domain::Desired::Stopped, at(NOW), &event).await.unwrap();
        assert_eq!(claim_one(&db, &claim(&otter)).await.unwrap(), Claimed::AgentDead);
    }

    async fn of_fifty_racing_agents_none_gets_anothers_task(db: TestStore) {
        let (ann, garden, _) = world(&db).await;
        let mut agents = Vec::new();
        for i in 0..50 {
            agents.push(db.agent(&ann, &garden, &format!("racer-{i}")).await);
        }
        for i in 0..45 {
            db.task(&garden, &format!("task {i}")).await;
        }
        let replica = db.replica().await;
        let races = agents.into_iter().enumerate().map(|(i, agent)| {
            let store = if i % 2 == 0 { db.store.clone() } else { replica.clone() };
            tokio::spawn(async move {
                loop {
                    match claim_one(&store, &claim(&agent)).await {
                        // Fifty writers of one file: waiting for the lock may end before the lock comes.
                        Err(StoreError::Unavailable(_) | StoreError::Timeout(_)) => {}
                        outcome => return outcome.unwrap(),
                    }
                }
            })
        });
        let outcomes: Vec<_> = join_all(races).await.into_iter().map(Result::unwrap).collect();
        let tasks: Vec<_> = outcomes.iter().filter_map(|outcome| match outcome {
            Claimed::Taken { task, .. } | Claimed::Resumed(task) => Some(task.id),
            _ => None,
        }).collect();
        let distinct: BTreeSet<_> = tasks.iter().copied().collect();
        assert_eq!((tasks.len(), distinct.len()), (45, 45));
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Claimed::BacklogEmpty).count(), 5);
    }

    async fn agents_that_ask_together_are_served_in_their_order(db: TestStore) {
        let (ann, garden, otter) = world(&db).await;
        let yard = db.project(&ann, "yard").await;
        with_limit(&db, ann.id, &garden, 2).await;
        let mut agents = vec![otter];
        for name in ["badger", "heron", "mole", "newt"] {
            agents.push(db.agent(&ann, &garden, name).await);
        }
        let held = db.task(&garden, "held").await;
        let resumed = taken(claim_one(&db, &claim(&agents[1])).await.unwrap());
        assert_eq!(resumed.id, held.id);
        let event = crate::support::agent_event(agents[2].id, EventKind::AgentStopRequested);
        db.set_desired(ann.id, agents[2].id, domain::Desired::Stopped, at(NOW), &event).await.unwrap();
        let (dig, _, rake) = (db.task(&garden, "dig").await, db.task(&garden, "plant").await, db.task(&yard, "rake").await);
        let together = ClaimRequest { agents: agents.iter().map(claimant).collect(), ..claim(&agents[0]) };
        let outcomes = db.claim_tasks(&together).await.unwrap();
        let ids: Vec<_> = outcomes.iter().map(|outcome| match outcome {
            Claimed::Taken { task, .. } => ("taken", Some(task.id)),
            Claimed::Resumed(task) => ("resumed", Some(task.id)),
            Claimed::AgentDead => ("dead", None),
            Claimed::WorkingLimit => ("limit", None),
            unexpected => panic!("{unexpected:?}"),
        }).collect();
        // The second agent of the garden fills it, so the next one finds work behind it, and the last one none.
        assert_eq!(ids, [
            ("taken", Some(dig.id)), ("resumed", Some(held.id)), ("dead", None), ("taken", Some(rake.id)), ("limit", None),
        ]);
    }

    async fn who_takes_a_task_is_at_work_from_then_on(db: TestStore) {
        let (ann, garden, otter) = world(&db).await;
        db.task(&garden, "dig").await;
        let idle = db.set_phase(&crate::support::observed(&otter, Phase::Idle), None).await.unwrap().unwrap();
        let Claimed::Taken { agent: Some(agent), .. } = claim_one(&db, &claim(&idle)).await.unwrap() else {
            panic!("the agent should have gone to work")
        };
        assert_eq!((agent.phase, agent.phase_since), (Phase::Working, at(NOW)));
        assert_eq!(db.store.agent(ann.id, otter.id).await.unwrap(), Some(*agent));
        let last = db.events(ann.id, Subject::Agent(otter.id), 1).await.unwrap().remove(0);
        assert!(matches!(last.kind, EventKind::AgentPhaseChanged { from: Phase::Idle, to: Phase::Working, .. }), "{last:?}");
        let badger = db.agent(&ann, &garden, "badger").await;
        db.task(&garden, "plant").await;
        // One that is not up yet is not shown at work.
        let Claimed::Taken { agent: None, .. } = claim_one(&db, &claim(&badger)).await.unwrap() else {
            panic!("nothing but the runtime says that an agent is up")
        };
    }

    async fn a_write_of_a_lost_lease_changes_nothing(db: TestStore) {
        let (ann, garden, otter) = world(&db).await;
        db.task(&garden, "dig").await;
        let task = taken(claim_one(&db, &claim(&otter)).await.unwrap());
        let done = Task { state: TaskState::Done, lease: None, version: 3, ..task.clone() };
        let event = task_event(&task, EventKind::TaskMoved { from: TaskState::InProgress, to: TaskState::Done });
        let work = Work { task: Some((done.clone(), 2)), events: vec![event], ..Work::of(ann.id) };
        let somebody = AgentId::from_uuid(next_uuid());
        for fence in [
            Some(fence(&task, otter.id, 2, NOW)),
            Some(fence(&task, somebody, 1, NOW)),
            Some(fence(&task, otter.id, 1, END)),
        ] {
            let late = Work { fence, ..work.clone() };
            assert_eq!(db.write_work(&late).await.unwrap(), Written::LeaseLost, "{:?}", late.fence);
        }
        let stale = Work { fence: Some(fence(&task, otter.id, 1, NOW)), task: Some((done.clone(), 1)), ..work.clone() };
        assert_eq!(db.write_work(&stale).await.unwrap(), Written::VersionConflict);
        assert_eq!(db.store.task(ann.id, task.id).await.unwrap(), Some(task.clone()));
        assert_eq!(db.events(ann.id, Subject::Task(task.id), 10).await.unwrap().len(), 2);
        let work = Work { fence: Some(fence(&task, otter.id, 1, NOW)), ..work };
        assert_eq!(db.write_work(&work).await.unwrap(), Written::Done);
        assert_eq!(db.store.task(ann.id, task.id).await.unwrap(), Some(done));
    }

    async fn a_lease_that_ended_is_found_and_its_number_never_comes_again(db: TestStore) {
        let (ann, garden, otter) = world(&db).await;
        db.task(&garden, "dig").await;
        let task = taken(claim_one(&db, &claim(&otter)).await.unwrap());
        assert!(db.expired_leases(at(END - 1), 10).await.unwrap().is_empty());
        assert_eq!(db.expired_leases(at(END), 10).await.unwrap(), [(ann.id, task.clone())]);
        // Any call keeps it; one that is fresh is not written again.
        db.renew_leases(otter.id, at(NOW), at(END + 1), at(END + 60)).await.unwrap();
        assert!(db.expired_leases(at(END), 10).await.unwrap().is_empty());
        db.cut_leases(otter.id, at(NOW + 60)).await.unwrap();
        let (_, task) = db.expired_leases(at(NOW + 60), 10).await.unwrap().remove(0);
        let back = Task { state: TaskState::Backlog, lease: None, attempts: 1, version: 3, ..task.clone() };
        let expired = Fence {
            task_id: task.id, agent_id: Some(otter.id), epoch: 1, time: FenceTime::ExpiredAt(at(NOW + 60)),
        };
        let work = Work { fence: Some(expired), task: Some((back.clone(), 2)), ..Work::of(ann.id) };
        assert_eq!(db.write_work(&work).await.unwrap(), Written::Done);
        assert_eq!(db.write_work(&work).await.unwrap(), Written::LeaseLost);
        assert_eq!(db.store.task(ann.id, task.id).await.unwrap(), Some(back));
        let again = taken(claim_one(&db, &claim(&otter)).await.unwrap());
        assert_eq!((again.lease.unwrap().epoch, again.attempts), (2, 1));
    }

    async fn a_person_who_moves_a_task_takes_it_from_its_agent(db: TestStore) {
        let (ann, garden, otter) = world(&db).await;
        db.task(&garden, "dig").await;
        let task = taken(claim_one(&db, &claim(&otter)).await.unwrap());
        let edited = Task { title: "dig deep".into(), version: 3, ..task.clone() };
        assert!(db.update_task(ann.id, &edited, 2, &[]).await.unwrap());
        assert_eq!(db.tasks_held_by(otter.id).await.unwrap(), [(ann.id, edited.clone())]);
        assert_eq!(db.held_states().await.unwrap(), [(otter.id, edited.state)]);
        let cancelled = Task { state: TaskState::Cancelled, lease: None, version: 4, ..edited };
        assert!(db.update_task(ann.id, &cancelled, 3, &[]).await.unwrap());
        assert!(db.tasks_held_by(otter.id).await.unwrap().is_empty());
        assert_eq!(db.held_states().await.unwrap(), []);
        let late = Work { fence: Some(fence(&task, otter.id, 1, NOW)), ..Work::of(ann.id) };
        assert_eq!(db.write_work(&late).await.unwrap(), Written::LeaseLost);
    }

    async fn a_call_is_answered_once_however_often_it_comes(db: TestStore) {
        let (ann, garden, otter) = world(&db).await;
        let parent = db.task(&garden, "dig").await;
        let calls = (0..10).map(|i| {
            let (store, agent_id, owner) = (db.store.clone(), otter.id, ann.id);
            let part = Task { parent_id: Some(parent.id), ..new_task(&garden, &format!("part {i}")) };
            let event = task_event(&part, EventKind::TaskCreated);
            let answered = Answered {
                agent_id, key: "k".into(), fingerprint: "f".into(), answer: format!("\"{}\"", part.id), at: at(NOW),
            };
            let work = Work { new_task: Some(part), events: vec![event], answered: Some(answered), ..Work::of(owner) };
            tokio::spawn(async move { store.write_work(&work).await })
        });
        let outcomes: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(StoreError::Conflict(_)))), "{outcomes:?}");
        let parts = TaskFilter { parent_id: Some(parent.id), limit: 10, ..TaskFilter::default() };
        let parts = db.find_tasks(ann.id, &parts).await.unwrap();
        let known = db.answered_call(otter.id, "k").await.unwrap().unwrap();
        assert_eq!((parts.len(), known.answer), (1, format!("\"{}\"", parts[0].id)));
        assert_eq!(db.forget_answered_calls(at(NOW)).await.unwrap(), 0);
        assert_eq!(db.forget_answered_calls(at(NOW + 1)).await.unwrap(), 1);
        assert_eq!(db.answered_call(otter.id, "k").await.unwrap(), None);
    }

    async fn a_question_is_closed_once_and_seen_by_its_owner_alone(db: TestStore) {
        let (ann, garden, otter) = world(&db).await;
        let bob = db.user("bob").await;
        db.task(&garden, "dig").await;
        let task = taken(claim_one(&db, &claim(&otter)).await.unwrap());
        let asked = question(&otter, &task);
        let renewal = Some(Renewal { task_id: task.id, until: at(END + 600), only_later: true });
        let work = Work { question: Some(asked.clone()), renewal, ..Work::of(ann.id) };
        assert_eq!(db.write_work(&work).await.unwrap(), Written::Done);
        assert_eq!(db.question(ann.id, asked.id).await.unwrap(), Some(asked.clone()));
        assert_eq!(db.question(bob.id, asked.id).await.unwrap(), None);
        assert_eq!(db.open_questions(ann.id).await.unwrap(), std::slice::from_ref(&asked));
        assert!(db.open_questions(bob.id).await.unwrap().is_empty());
        assert_eq!(db.expired_questions(at(END), 10).await.unwrap(), [(ann.id, asked.clone())]);
        assert!(db.expired_questions(at(END - 1), 10).await.unwrap().is_empty());
        let close = |by: &str| CloseQuestions {
            which: WhichQuestions::One(asked.id),
            status: QuestionStatus::Answered,
            answers: vec![domain::Answer { selected: vec![], text: Some(by.into()) }],
            answered_by: Some(by.into()),
            at: at(NOW + 5),
        };
        let people = ["ann", "eve"].map(|by| {
            let (store, work) = (db.store.clone(), Work { close: Some(close(by)), ..Work::of(ann.id) });
            tokio::spawn(async move { store.write_work(&work).await.unwrap() })
        });
        let mut outcomes: Vec<_> = join_all(people).await.into_iter().map(|outcome| outcome.unwrap() == Written::Done).collect();
        outcomes.sort_unstable();
        assert_eq!(outcomes, [false, true]);
        let closed = db.question(ann.id, asked.id).await.unwrap().unwrap();
        assert_eq!((closed.status, closed.closed_at), (QuestionStatus::Answered, Some(at(NOW + 5))));
        assert_eq!(db.questions_of_task(ann.id, task.id, 10).await.unwrap(), std::slice::from_ref(&closed));
        assert_eq!(db.questions_of_agent(ann.id, otter.id, 10).await.unwrap(), [closed]);
        assert!(db.open_questions(ann.id).await.unwrap().is_empty());
    }

    async fn what_an_agent_said_last_stands_on_its_task(db: TestStore) {
        let (ann, garden, otter) = world(&db).await;
        db.task(&garden, "dig").await;
        let task = taken(claim_one(&db, &claim(&otter)).await.unwrap());
        let report = Report {
            agent_name: "otter".into(), summary: "digging 🕳".into(), percent: Some(40), link: None, at: at(NOW + 1),
        };
        let work = Work { report: Some((task.id, report.clone())), ..Work::of(ann.id) };
        assert_eq!(db.write_work(&work).await.unwrap(), Written::Done);
        let read = db.store.task(ann.id, task.id).await.unwrap().unwrap();
        // It is no new version: a person's edit is not refused for it.
        assert_eq!((read.report, read.version), (Some(report), task.version));
    }

    async fn lists_go_on_where_they_ended(db: TestStore) {
        let (ann, garden, _) = world(&db).await;
        let mut all = Vec::new();
        for i in 0..5 {
            all.push(db.task(&garden, &format!("task {i}")).await.id);
        }
        let filter = TaskFilter { limit: 3, ..TaskFilter::default() };
        let first = db.find_tasks(ann.id, &filter).await.unwrap();
        let last = first.last().unwrap();
        let rest = TaskFilter { after: Some((last.priority, last.id)), ..filter };
        let rest = db.find_tasks(ann.id, &rest).await.unwrap();
        let seen: Vec<_> = first.iter().chain(&rest).map(|task| task.id).collect();
        assert_eq!(seen, all);
        let none = TaskFilter { state: Some(TaskState::Done), ..filter };
        assert!(db.find_tasks(ann.id, &none).await.unwrap().is_empty());
    }

    async fn an_agents_token_is_dead_when_it_shall_not_run(db: TestStore) {
        let (ann, _, otter) = world(&db).await;
        let id = domain::TokenId::from_uuid(next_uuid());
        for hash in ["a", "a", "b"] {
            db.put_agent_token(otter.id, id, hash, at(NOW)).await.unwrap();
        }
        assert_eq!(db.agent_token_by_hash("a").await.unwrap(), None);
        let record = db.agent_token_by_hash("b").await.unwrap().unwrap();
        assert_eq!((record.agent_id, record.user_id, record.project_id), (otter.id, ann.id, otter.project_id));
        let event = crate::support::agent_event(otter.id, EventKind::AgentDeleteRequested);
        db.set_desired(ann.id, otter.id, domain::Desired::Deleted, at(NOW), &event).await.unwrap();
        assert_eq!(db.agent_token_by_hash("b").await.unwrap(), None);
        assert!(db.delete_agent(otter.id, None).await.unwrap());
        assert_eq!(db.agent_token_by_hash("b").await.unwrap(), None);
    }
}
