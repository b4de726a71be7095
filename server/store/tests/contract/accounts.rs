//! Accounts from above, and how one goes with everything that is its user's and nothing else.

use domain::{
    Account, AuditAction, Desired, EventKind, Role, Subject, User,
    terminal::{KeptTerminal, KeptText},
};
use futures::future::join_all;
use secrecy::SecretString;
use store::{BeginDeletion, Erasure, InsertAgent, SetRole};

use crate::support::{TestStore, agent_event, at, audit_event, new_session, new_token};

fn nothing() -> SecretString {
    "hash of nothing".into()
}

async fn begin(db: &TestStore, user: &User) -> BeginDeletion {
    let audit = audit_event("root", AuditAction::DeleteUser);
    db.begin_deletion(user.id, &nothing(), at(100), &audit).await.unwrap()
}

fn begun(outcome: BeginDeletion) -> (Account, Vec<Desired>) {
    match outcome {
        BeginDeletion::Begun { account, agents } => (*account, agents.into_iter().map(|agent| agent.desired).collect()),
        other => panic!("{other:?}"),
    }
}

/// A user with one of everything.
async fn furnished(db: &TestStore, name: &str) -> User {
    let user = db.user(name).await;
    let project = db.project(&user, "p").await;
    for number in 0..3 {
        db.task(&project, &format!("task {number}")).await;
    }
    db.agent(&user, &project, "otter").await;
    let stopped = db.agent(&user, &project, "seal").await;
    let event = agent_event(stopped.id, EventKind::AgentStopRequested);
    db.set_desired(user.id, stopped.id, Desired::Stopped, at(1), &event).await.unwrap().unwrap();
    let hash = db.user_by_name(name).await.unwrap().unwrap().password_hash;
    assert!(db.insert_session(new_session(user.id, &format!("session of {name}")), &hash).await.unwrap());
    assert!(db.insert_token(user.id, &new_token("script"), &format!("token of {name}")).await.unwrap());
    let of = KeptTerminal { agent_id: stopped.id, agent_name: "seal".into(), captured_at: at(2) };
    db.keep_terminal(user.id, &KeptText { of, text: "a screen".into() }).await.unwrap();
    user
}

/// Everything that a user can have, counted.
async fn belongings(db: &TestStore, user: &User) -> [usize; 6] {
    let projects = db.projects(user.id).await.unwrap();
    let mut tasks = 0;
    for project in &projects {
        tasks += db.tasks(user.id, project.id).await.unwrap().len();
    }
    [
        db.sessions_of(user.id).await.unwrap().len(),
        db.tokens_of(user.id).await.unwrap().len(),
        db.agents(user.id).await.unwrap().len(),
        projects.len(),
        tasks,
        usize::from(db.store.user(user.id).await.unwrap().is_some()),
    ]
}

store_test! {
    async fn an_account_goes_with_everything_and_nothing_else_does(db: TestStore) {
        db.user("root").await;
        let (ann, bob) = (furnished(&db, "ann").await, furnished(&db, "bob").await);
        let before = belongings(&db, &bob).await;
        assert_eq!(before, [1, 1, 2, 1, 3, 1]);
        let (account, desired) = begun(begin(&db, &ann).await);
        assert_eq!((account.username.as_str(), account.agents, account.projects), ("ann", 2, 1));
        assert_eq!((account.deleting_since, desired), (Some(at(100)), vec![Desired::Deleted; 2]));
        assert_eq!(belongings(&db, &ann).await, [0, 0, 2, 1, 3, 1], "the ways in are gone, the agents' rows are not");
        assert_eq!(db.users_being_deleted().await.unwrap(), [ann.id]);
        // Until the runtime has nothing left of an agent, its row stays, and so does the user's.
        assert_eq!(db.erase_user(ann.id).await.unwrap(), Erasure::WaitsForAgents(2));
        let agents = db.agents(ann.id).await.unwrap();
        for agent in &agents {
            assert!(db.delete_agent(agent.id, None).await.unwrap());
        }
        assert!(db.kept_terminal(ann.id, agents[1].id).await.unwrap().is_some());
        assert_eq!(db.erase_user(ann.id).await.unwrap(), Erasure::Gone);
        assert_eq!(db.erase_user(ann.id).await.unwrap(), Erasure::Gone, "also when it is asked again");
        assert_eq!(belongings(&db, &ann).await, [0; 6]);
        assert_eq!(db.terminal_kept_at(agents[1].id).await.unwrap(), None, "the screens, too");
        assert_eq!(belongings(&db, &bob).await, before);
        let seal = db.agents(bob.id).await.unwrap().remove(1);
        assert!(db.kept_terminal(bob.id, seal.id).await.unwrap().is_some());
        assert_eq!(db.erase_user(bob.id).await.unwrap(), Erasure::NotAsked);
        assert_eq!(belongings(&db, &bob).await, before);
        // The log keeps what was done, and the name is free for somebody else, who is another user.
        assert_eq!(db.audit(1).await.unwrap()[0].action, AuditAction::DeleteUser);
        assert_ne!(db.user("ann").await.id, ann.id);
    }

    async fn an_account_that_is_being_deleted_is_no_way_in_and_takes_nothing_more(db: TestStore) {
        db.user("root").await;
        let ann = furnished(&db, "ann").await;
        let project = db.projects(ann.id).await.unwrap().remove(0);
        let known = db.user_by_name("ann").await.unwrap().unwrap().password_hash;
        begun(begin(&db, &ann).await);
        // What was checked or authorized just before comes late.
        assert!(!db.insert_session(new_session(ann.id, "late"), &known).await.unwrap());
        assert!(!db.insert_session(new_session(ann.id, "late"), &nothing()).await.unwrap());
        assert!(!db.set_password(ann.id, &nothing(), &"new".into(), new_session(ann.id, "late")).await.unwrap());
        assert!(!db.insert_token(ann.id, &new_token("late"), "late").await.unwrap());
        assert_eq!(db.launch(&ann, &project, "late", 9).await, InsertAgent::ProjectNotFound);
        let agent = db.agents(ann.id).await.unwrap().remove(0);
        let event = agent_event(agent.id, EventKind::AgentStartRequested);
        assert_eq!(db.set_desired(ann.id, agent.id, Desired::Running, at(101), &event).await.unwrap(), None);
        assert_eq!(db.session_by_hash("session of ann").await.unwrap(), None);
        assert!(db.token_by_hash("token of ann").await.unwrap().is_none());
        // Asking again changes nothing and is noted once.
        let (again, _) = begun(begin(&db, &ann).await);
        assert_eq!((again.deleting_since, db.agents(ann.id).await.unwrap()[0].generation), (Some(at(100)), agent.generation));
        let noted = db.audit(9).await.unwrap().into_iter().filter(|entry| entry.action == AuditAction::DeleteUser);
        assert_eq!(noted.count(), 1);
        let events = db.events(ann.id, Subject::Agent(agent.id), 9).await.unwrap();
        assert_eq!(events.len(), 1, "a refused start leaves no trace");
    }

    async fn there_is_always_an_administrator_left(db: TestStore) {
        let (root, ann) = (db.user("root").await, db.user("ann").await);
        let audit = audit_event("the host", AuditAction::SetRole);
        assert_eq!(begin(&db, &root).await, BeginDeletion::LastAdmin);
        assert_eq!(db.set_role("root", Role::Member, &audit).await.unwrap(), SetRole::LastAdmin);
        for nobody in ["nobody", "ann ", "a\0"] {
            assert_eq!(db.set_role(nobody, Role::Admin, &audit).await.unwrap(), SetRole::NotFound);
        }
        assert_eq!(db.set_role("ann", Role::Admin, &audit).await.unwrap(), SetRole::Set);
        assert_eq!(db.store.user(ann.id).await.unwrap().unwrap().role, Role::Admin);
        // Both want to go at the same time: one stays.
        let attempts = [root, ann].map(|user| {
            let store = db.store.clone();
            tokio::spawn(async move {
                let audit = audit_event(&user.username, AuditAction::DeleteUser);
                store.begin_deletion(user.id, &nothing(), at(100), &audit).await.unwrap()
            })
        });
        let outcomes: Vec<_> = join_all(attempts).await.into_iter().map(Result::unwrap).collect();
        let kept = outcomes.iter().filter(|outcome| **outcome == BeginDeletion::LastAdmin).count();
        assert_eq!(kept, 1, "{outcomes:?}");
    }

    async fn nobody_is_deleted_who_is_not_there(db: TestStore) {
        let ann = db.user("ann").await;
        let gone = User { id: domain::UserId::from_uuid(crate::support::next_uuid()), ..ann };
        assert_eq!(begin(&db, &gone).await, BeginDeletion::NotFound);
        assert_eq!(db.accounts().await.unwrap().len(), 1);
    }

    async fn an_account_with_more_than_one_transaction_erases_goes_whole(db: TestStore) {
        db.user("root").await;
        let ann = db.user("ann").await;
        let project = db.project(&ann, "p").await;
        for number in 0..205 {
            db.task(&project, &format!("task {number}")).await;
        }
        begun(begin(&db, &ann).await);
        assert_eq!(db.erase_user(ann.id).await.unwrap(), Erasure::Gone);
        assert_eq!(belongings(&db, &ann).await, [0; 6]);
    }
}
