//! What was last on the terminals of agents.

use domain::{
    Agent,
    terminal::{KeptTerminal, KeptText},
};

use store::Backend;

use crate::support::{TestStore, at};

fn kept(agent: &Agent, seconds: i64, text: &str) -> KeptText {
    let of = KeptTerminal { agent_id: agent.id, agent_name: agent.name.clone(), captured_at: at(seconds) };
    KeptText { of, text: text.into() }
}

store_test! {
    async fn what_was_on_a_terminal_outlives_its_agent_and_is_its_owners_alone(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        let project = db.project(&ann, "p").await;
        let agent = db.agent(&ann, &project, "otter").await;
        assert_eq!(db.kept_terminal(ann.id, agent.id).await.unwrap(), None);
        assert_eq!(db.terminal_kept_at(agent.id).await.unwrap(), None);
        db.keep_terminal(ann.id, &kept(&agent, 1, "first")).await.unwrap();
        let long = kept(&agent, 2, &"漢字 🦦 and a line\n".repeat(20_000));
        db.keep_terminal(ann.id, &long).await.unwrap();
        assert_eq!(db.kept_terminal(ann.id, agent.id).await.unwrap(), Some(long.clone()));
        assert_eq!(db.terminal_kept_at(agent.id).await.unwrap(), Some(at(2)));
        assert_eq!(db.terminals_kept_at().await.unwrap(), [(agent.id, at(2))]);
        assert_eq!(db.kept_terminal(bob.id, agent.id).await.unwrap(), None);
        assert!(db.terminals_of_gone_agents(ann.id, 9).await.unwrap().is_empty(), "the agent is still there");

        db.delete_agent(agent.id, None).await.unwrap();
        assert_eq!(db.kept_terminal(ann.id, agent.id).await.unwrap(), Some(long.clone()));
        assert_eq!(db.terminals_of_gone_agents(ann.id, 9).await.unwrap(), [long.of]);
        assert!(db.terminals_of_gone_agents(bob.id, 9).await.unwrap().is_empty());
    }

    async fn the_newest_come_first_and_the_old_are_forgotten(db: TestStore) {
        let ann = db.user("ann").await;
        let project = db.project(&ann, "p").await;
        for (name, seconds) in [("a", 1), ("b", 3), ("c", 2)] {
            let agent = db.agent(&ann, &project, name).await;
            db.keep_terminal(ann.id, &kept(&agent, seconds, "nul \0 there")).await.unwrap();
            db.delete_agent(agent.id, None).await.unwrap();
        }
        let names = async |limit| -> String {
            db.terminals_of_gone_agents(ann.id, limit).await.unwrap().into_iter().map(|kept| kept.agent_name).collect()
        };
        assert_eq!((names(9).await.as_str(), names(1).await.as_str()), ("bca", "b"));
        db.forget_terminals(at(1)).await.unwrap();
        assert_eq!(names(9).await, "bca", "what was read at that very time stays");
        db.forget_terminals(at(3)).await.unwrap();
        assert_eq!(names(9).await, "b");
    }

    async fn it_goes_with_its_owner(db: TestStore) {
        let ann = db.user("ann").await;
        let project = db.project(&ann, "p").await;
        let agent = db.agent(&ann, &project, "otter").await;
        db.keep_terminal(ann.id, &kept(&agent, 1, "text")).await.unwrap();
        db.delete_agent(agent.id, None).await.unwrap();
        let cascades = if db.backend() == Backend::Sqlite { "PRAGMA foreign_keys = ON; " } else { "" };
        db.execute(&format!("{cascades}DELETE FROM users")).await;
        assert_eq!(db.terminal_kept_at(agent.id).await.unwrap(), None);
    }
}
