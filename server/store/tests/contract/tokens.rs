//! Tokens.

use domain::{Token, TokenKind};
use store::StoreError;

use crate::support::{TestStore, at, new_token};

store_test! {
    async fn a_token_reads_back_with_its_user(db: TestStore) {
        let ann = db.user("ann").await;
        let (script, agents) = (new_token("Script 🐙"), Token { kind: TokenKind::Agent, ..new_token("agent") });
        db.insert_token(ann.id, &script, "hash 1").await.unwrap();
        db.insert_token(ann.id, &agents, "hash 2").await.unwrap();
        assert_eq!(db.token_by_hash("hash 1").await.unwrap(), Some((script.clone(), ann.clone())));
        assert_eq!(db.token_by_hash("HASH 1").await.unwrap(), None);
        assert_eq!(db.tokens_of(ann.id).await.unwrap(), [agents, script]);
    }

    async fn a_secret_belongs_to_one_token(db: TestStore) {
        let ann = db.user("ann").await;
        db.insert_token(ann.id, &new_token("a"), "hash").await.unwrap();
        let again = db.insert_token(ann.id, &new_token("b"), "hash").await;
        assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    }

    async fn a_token_is_revoked_by_its_owner_alone(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        let token = new_token("a");
        db.insert_token(ann.id, &token, "hash").await.unwrap();
        assert!(!db.delete_token(bob.id, token.id).await.unwrap());
        assert!(db.tokens_of(bob.id).await.unwrap().is_empty());
        assert!(db.delete_token(ann.id, token.id).await.unwrap());
        assert_eq!(db.token_by_hash("hash").await.unwrap(), None);
    }

    async fn last_use_only_moves_forward(db: TestStore) {
        let ann = db.user("ann").await;
        let token = new_token("a");
        db.insert_token(ann.id, &token, "hash").await.unwrap();
        for (touched, used) in [(70, 70), (65, 70), (80, 80)] {
            db.touch_token(token.id, at(touched)).await.unwrap();
            assert_eq!(db.token_by_hash("hash").await.unwrap().unwrap().0.last_used_at, Some(at(used)));
        }
    }
}
