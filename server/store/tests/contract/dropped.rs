//! Callers that go away in the middle of an operation, and operations that take too long.

use std::{pin::pin, time::Duration};

use domain::EventKind;
use futures::{FutureExt, future::poll_immediate};
use store::{RegistrationPolicy, Store, StoreConfig, StoreError};
use tokio::time::timeout;

use crate::support::{DEADLINE, TestStore, agent_event, config, new_agent, new_user, registration};

store_test! {
    async fn a_caller_that_goes_away_leaves_no_transaction_open(db: TestStore) {
        // One connection: if it were left in a transaction, or with half an answer, the next user would get it.
        let config = StoreConfig { max_connections: 1, ..config(db.database.url()) };
        let store = Store::connect(&config).await.unwrap();
        let ann = db.user("ann").await;
        let garden = db.project(&ann, "garden").await;
        for i in 0..40 {
            let agent = new_agent(&garden, &format!("agent-{i}"));
            let event = agent_event(agent.id, EventKind::AgentLaunched);
            let mut launch = pin!(store.insert_agent(ann.id, &agent, 1000, &event));
            // Gone after it was looked at a few times, each time somewhere else in the transaction.
            for _ in 0..i {
                let _ = launch.as_mut().now_or_never();
                tokio::task::yield_now().await;
            }
        }
        let mut reading = pin!(store.agents(ann.id));
        let _ = poll_immediate(reading.as_mut()).await;
        // The same connection still works, and another process is not kept from writing.
        timeout(DEADLINE, store.project(ann.id, garden.id)).await.unwrap().unwrap().unwrap();
        let bob = new_user("bob");
        let writing = db.create_user(bob, None, RegistrationPolicy::Anyone, registration("bob"));
        timeout(DEADLINE, writing).await.unwrap().unwrap();
        // Each launch happened as a whole or not at all.
        for agent in db.agents(ann.id).await.unwrap() {
            let subject = domain::Subject::Agent(agent.id);
            assert_eq!(db.events(ann.id, subject, 10).await.unwrap().len(), 1);
        }
    }

    async fn what_was_begun_is_finished_without_its_caller(db: TestStore) {
        let config = StoreConfig { max_connections: 1, ..config(db.database.url()) };
        let store = Store::connect(&config).await.unwrap();
        {
            let policy = RegistrationPolicy::Anyone;
            let mut creating = pin!(store.create_user(new_user("ann"), None, policy, registration("ann")));
            assert!(creating.as_mut().now_or_never().is_none());
        }
        // The only connection comes free when the account is made.
        while store.user_by_name("ann").await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(store.audit(10).await.unwrap().len(), 1);
    }

    async fn waiting_for_another_writer_ends_at_the_deadline(db: TestStore) {
        let short = Duration::from_secs(1);
        let config = StoreConfig { statement_timeout: short, ..config(db.database.url()) };
        let store = Store::connect(&config).await.unwrap();
        let ann = db.user("ann").await;
        let lock = db.hold_lock().await;
        let outcome = timeout(DEADLINE, store.create_user(new_user("bob"), None, RegistrationPolicy::Anyone, registration("bob"))).await;
        assert!(matches!(outcome, Ok(Err(StoreError::Unavailable(_) | StoreError::Timeout(_)))), "{outcome:?}");
        drop(lock);
        // Whoever waited in vain left nothing behind, and the store works on.
        timeout(DEADLINE, db.user("carl")).await.unwrap();
        assert_eq!(store.user(ann.id).await.unwrap(), Some(ann));
        assert!(store.user_by_name("bob").await.unwrap().is_none());
    }

    async fn having_no_connection_left_is_unavailable(db: TestStore) {
        let config = StoreConfig { max_connections: 1, acquire_timeout: Duration::from_millis(300), ..config(db.database.url()) };
        let store = Store::connect(&config).await.unwrap();
        let lock = db.hold_lock().await;
        let (busy, user) = (store.clone(), new_user("ann"));
        let writing = tokio::spawn(async move {
            busy.create_user(user, None, RegistrationPolicy::Anyone, registration("ann")).await
        });
        // Reading waits for nobody, except for the only connection.
        loop {
            match store.user_count().await {
                Ok(_) => tokio::task::yield_now().await,
                Err(StoreError::Unavailable(_)) => break,
                Err(other) => panic!("{other:?}"),
            }
        }
        drop(lock);
        timeout(DEADLINE, writing).await.unwrap().unwrap().unwrap();
        assert_eq!(store.user_count().await.unwrap(), 1);
    }
}
