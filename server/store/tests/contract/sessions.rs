//! Browser sessions.

use domain::{Session, SessionId};
use futures::future::join_all;
use secrecy::SecretString;

use crate::support::{TestStore, at, new_session, next_uuid};

async fn hash_of(db: &TestStore, name: &str) -> SecretString {
    db.user_by_name(name).await.unwrap().unwrap().password_hash
}

store_test! {
    async fn a_session_reads_back_with_its_user(db: TestStore) {
        let ann = db.user("ann").await;
        let new = new_session(ann.id, "a");
        assert!(db.insert_session(new.clone(), &hash_of(&db, "ann").await).await.unwrap());
        let found = db.session_by_hash("a").await.unwrap().unwrap();
        let session = Session {
            id: new.id,
            created_at: at(10),
            last_seen_at: at(10),
            expires_at: at(1000),
            user_agent: new.user_agent,
            address: new.address,
            current: false,
        };
        assert_eq!((found.session, found.user), (session.clone(), ann.clone()));
        assert_eq!(db.sessions_of(ann.id).await.unwrap(), [session]);
        assert_eq!(db.session_by_hash("b").await.unwrap(), None);
    }

    async fn a_session_does_not_begin_with_a_password_that_has_changed(db: TestStore) {
        let ann = db.user("ann").await;
        let old = hash_of(&db, "ann").await;
        assert!(db.set_password(ann.id, &old, &"new".into(), new_session(ann.id, "a")).await.unwrap());
        assert!(!db.insert_session(new_session(ann.id, "b"), &old).await.unwrap());
        assert_eq!(db.session_by_hash("b").await.unwrap(), None);
    }

    async fn signing_in_while_the_password_changes_leaves_one_session(db: TestStore) {
        let ann = db.user("ann").await;
        let old = hash_of(&db, "ann").await;
        let sign_ins = (0..6).map(|i| {
            let (store, old, session) = (db.store.clone(), old.clone(), new_session(ann.id, &format!("s{i}")));
            tokio::spawn(async move { store.insert_session(session, &old).await.unwrap() })
        });
        let (store, hash, kept) = (db.store.clone(), old.clone(), new_session(ann.id, "kept"));
        let change = tokio::spawn(async move { store.set_password(ann.id, &hash, &"new".into(), kept).await.unwrap() });
        assert!(join_all(sign_ins).await.iter().all(Result::is_ok));
        assert!(change.await.unwrap());
        assert_eq!(db.sessions_of(ann.id).await.unwrap().len(), 1);
        assert!(db.session_by_hash("kept").await.unwrap().is_some());
    }

    async fn last_use_only_moves_forward(db: TestStore) {
        let ann = db.user("ann").await;
        let session = new_session(ann.id, "a");
        db.insert_session(session.clone(), &hash_of(&db, "ann").await).await.unwrap();
        for (touched, seen) in [(70, 70), (65, 70), (80, 80)] {
            db.touch_session(session.id, at(touched)).await.unwrap();
            assert_eq!(db.session_by_hash("a").await.unwrap().unwrap().session.last_seen_at, at(seen));
        }
        db.touch_session(SessionId::from_uuid(next_uuid()), at(90)).await.unwrap();
    }

    async fn a_session_is_ended_by_its_owner_alone(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        let session = new_session(ann.id, "a");
        db.insert_session(session.clone(), &hash_of(&db, "ann").await).await.unwrap();
        assert!(!db.delete_session(bob.id, session.id).await.unwrap());
        assert!(db.session_by_hash("a").await.unwrap().is_some());
        assert!(db.delete_session(ann.id, session.id).await.unwrap());
        assert!(!db.delete_session(ann.id, session.id).await.unwrap());
        assert_eq!(db.session_by_hash("a").await.unwrap(), None);
    }

    async fn expired_and_idle_sessions_go(db: TestStore) {
        let ann = db.user("ann").await;
        let hash = hash_of(&db, "ann").await;
        let sessions = ["fresh", "idle", "old"].map(|name| new_session(ann.id, name));
        for session in &sessions {
            db.insert_session(session.clone(), &hash).await.unwrap();
        }
        let mut expired = new_session(ann.id, "expired");
        expired.expires_at = at(200);
        db.insert_session(expired, &hash).await.unwrap();
        db.touch_session(sessions[0].id, at(190)).await.unwrap();
        assert_eq!(db.delete_expired_sessions(at(100), at(200)).await.unwrap(), 3);
        let left: Vec<_> = db.sessions_of(ann.id).await.unwrap().into_iter().map(|session| session.id).collect();
        assert_eq!(left, [sessions[0].id]);
        assert_eq!(db.delete_expired_sessions(at(100), at(200)).await.unwrap(), 0);
    }
}
