//! Terms: one server at a time reconciles, and one whose term is over changes nothing any more.

use domain::{Phase, Step};
use futures::future::join_all;
use store::{PhaseChange, TakeTerm};

use crate::support::{TestStore, at, observed};

store_test! {
    async fn a_term_is_one_servers_until_it_ends_or_is_given_up(db: TestStore) {
        // The file of SQLite also tells whether its server is alive; here only the term shall.
        let take = async |holder, now, seize| db.take_term(holder, at(now), at(now + 15), seize).await.unwrap();
        assert_eq!(take("one", 100, false).await, TakeTerm::Held(1));
        let held = TakeTerm::HeldByAnother(1, at(115).as_millisecond());
        assert_eq!(take("two", 110, false).await, held);
        assert_eq!(take("one", 110, false).await, TakeTerm::Held(1), "prolonged, under the same number");
        assert!(matches!(take("two", 124, false).await, TakeTerm::HeldByAnother(1, _)));
        assert_eq!(take("two", 125, false).await, TakeTerm::Held(2), "its time is up");
        assert!(matches!(take("one", 126, false).await, TakeTerm::HeldByAnother(2, _)));
        db.replica().await.release_term("one").await.unwrap();
        assert!(matches!(take("one", 127, false).await, TakeTerm::HeldByAnother(2, _)), "not its own to give up");
        db.release_term("two").await.unwrap();
        assert_eq!(take("one", 128, false).await, TakeTerm::Held(3));
        assert_eq!(take("two", 129, true).await, TakeTerm::Held(4), "one that is not heard of can be seized");
    }

    async fn of_many_servers_that_begin_at_once_one_holds_the_term(db: TestStore) {
        let mut servers = Vec::new();
        for _ in 0..4 {
            servers.push(db.replica().await);
        }
        let takes = servers.into_iter().enumerate().map(|(i, store)| {
            tokio::spawn(async move {
                let taken = store.take_term(&format!("server {i}"), at(1), at(16), false).await.unwrap();
                (store, taken)
            })
        });
        let outcomes: Vec<_> = join_all(takes).await.into_iter().map(Result::unwrap).collect();
        let held = outcomes.iter().filter(|(_, outcome)| matches!(outcome, TakeTerm::Held(_))).count();
        assert_eq!(held, 1, "{outcomes:?}");
    }

    async fn a_write_of_an_earlier_term_changes_nothing(db: TestStore) {
        let ann = db.user("ann").await;
        let garden = db.project(&ann, "garden").await;
        let otter = db.agent(&ann, &garden, "otter").await;
        assert_eq!(db.take_term("one", at(1), at(16), false).await.unwrap(), TakeTerm::Held(1));
        let seen = |in_term, phase| PhaseChange { in_term, ..observed(&otter, phase) };
        assert!(db.set_phase(&seen(Some(1), Phase::Starting), None).await.unwrap().is_some());
        assert_eq!(db.take_term("two", at(16), at(31), false).await.unwrap(), TakeTerm::Held(2));
        assert_eq!(db.set_phase(&seen(Some(1), Phase::Idle), None).await.unwrap(), None);
        assert!(!db.delete_agent(otter.id, Some(1)).await.unwrap());
        assert_eq!(db.agent_unscoped(otter.id).await.unwrap().unwrap().phase, Phase::Starting);
        assert!(db.set_phase(&seen(Some(2), Phase::Idle), None).await.unwrap().is_some());
        assert!(db.set_phase(&seen(None, Phase::Working), None).await.unwrap().is_some(), "no server's, but an agent's");
        assert!(db.delete_agent(otter.id, Some(2)).await.unwrap());
    }

    async fn every_change_of_an_agent_is_counted_and_nothing_else(db: TestStore) {
        let ann = db.user("ann").await;
        let garden = db.project(&ann, "garden").await;
        let before = db.agent_changes().await.unwrap();
        let otter = db.agent(&ann, &garden, "otter").await;
        let launched = db.agent_changes().await.unwrap();
        assert!(launched > before);
        let seen = PhaseChange { step: Some(Step::Pulling), ..observed(&otter, Phase::Starting) };
        let starting = db.set_phase(&seen, None).await.unwrap().unwrap();
        assert_eq!(starting.step, Some(Step::Pulling));
        let pulled = db.agent_changes().await.unwrap();
        assert!(pulled > launched);
        assert_eq!(db.set_phase(&seen, None).await.unwrap(), None);
        assert_eq!(db.agent_changes().await.unwrap(), pulled, "what is known is no change");
        assert!(db.delete_agent(otter.id, None).await.unwrap());
        assert!(db.agent_changes().await.unwrap() > pulled);
    }
}
