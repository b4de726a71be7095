//! Accounts.

use domain::{Role, UserId};
use futures::future::join_all;
use secrecy::ExposeSecret;
use store::{CreateUser, RegistrationPolicy};

use crate::support::{TestStore, new_session, new_user, next_uuid, registration};

store_test! {
    async fn an_account_reads_back_as_it_was_made(db: TestStore) {
        let ann = db.user("ann").await;
        assert_eq!(db.store.user(ann.id).await.unwrap(), Some(ann.clone()));
        let found = db.user_by_name("ann").await.unwrap().unwrap();
        assert_eq!((found.user, found.password_hash.expose_secret()), (ann.clone(), "hash of ann's password"));
        assert_eq!(db.user_with_hash(ann.id).await.unwrap().unwrap().user, ann);
        assert_eq!(db.user_count().await.unwrap(), 1);
        for nobody in ["", "Ann", "ann ", "ánn", "a\0nn", "'; DROP TABLE users; --"] {
            assert!(db.user_by_name(nobody).await.unwrap().is_none(), "{nobody:?} was found");
        }
        assert_eq!(db.store.user(UserId::from_uuid(next_uuid())).await.unwrap(), None);
    }

    async fn names_differ_in_case_and_accents_on_every_database(db: TestStore) {
        for name in ["ann", "Ann", "ánn", "ann2"] {
            db.user(name).await;
        }
        assert_eq!(db.user_count().await.unwrap(), 4);
    }

    async fn of_many_who_want_to_be_first_one_is_administrator(db: TestStore) {
        let replica = db.replica().await;
        let attempts = (0..12).map(|i| {
            let store = if i % 2 == 0 { db.store.clone() } else { replica.clone() };
            let name = format!("user{i}");
            tokio::spawn(async move {
                store.create_user(new_user(&name), None, RegistrationPolicy::Anyone, registration(&name)).await.unwrap()
            })
        });
        let made = join_all(attempts).await.into_iter().map(|outcome| match outcome.unwrap() {
            CreateUser::Created(user) => user.role,
            other => panic!("{other:?}"),
        });
        let roles: Vec<_> = made.collect();
        assert_eq!(roles.iter().filter(|role| **role == Role::Admin).count(), 1, "{roles:?}");
        assert_eq!(db.user_count().await.unwrap(), 12);
    }

    async fn only_the_first_of_many_gets_in_when_nobody_else_may(db: TestStore) {
        let replica = db.replica().await;
        let attempts = (0..12).map(|i| {
            let store = if i % 2 == 0 { db.store.clone() } else { replica.clone() };
            let user = new_user(&format!("user{i}"));
            let session = new_session(user.id, &format!("secret {i}"));
            tokio::spawn(async move {
                let policy = RegistrationPolicy::FirstUserOnly;
                store.create_user(user, Some(session), policy, registration("x")).await.unwrap()
            })
        });
        let outcomes: Vec<_> = join_all(attempts).await.into_iter().map(Result::unwrap).collect();
        let created = outcomes.iter().filter(|outcome| matches!(outcome, CreateUser::Created(_))).count();
        let closed = outcomes.iter().filter(|outcome| **outcome == CreateUser::Closed).count();
        assert_eq!((created, closed), (1, 11), "{outcomes:?}");
        // Those who were refused left nothing behind, sessions and audit entries among it.
        assert_eq!(db.user_count().await.unwrap(), 1);
        assert_eq!(db.audit(100).await.unwrap().len(), 1);
    }

    async fn of_many_who_want_a_name_one_gets_it(db: TestStore) {
        db.user("first").await;
        let attempts = (0..8).map(|_| {
            let store = db.store.clone();
            tokio::spawn(async move {
                store.create_user(new_user("ann"), None, RegistrationPolicy::Anyone, registration("ann")).await.unwrap()
            })
        });
        let outcomes: Vec<_> = join_all(attempts).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == CreateUser::NameTaken).count(), 7, "{outcomes:?}");
        assert_eq!(db.user_count().await.unwrap(), 2);
    }

    async fn an_account_begins_with_its_session_and_audit_entry(db: TestStore) {
        let user = new_user("ann");
        let (id, session) = (user.id, new_session(user.id, "a"));
        let audit = registration("ann");
        let made = db.create_user(user, Some(session.clone()), RegistrationPolicy::FirstUserOnly, audit.clone()).await;
        assert!(matches!(made.unwrap(), CreateUser::Created(user) if user.id == id && user.role == Role::Admin));
        assert_eq!(db.session_by_hash("a").await.unwrap().unwrap().session.id, session.id);
        assert_eq!(db.audit(10).await.unwrap(), [audit]);
    }

    async fn a_new_password_ends_every_session_but_the_one_that_comes_with_it(db: TestStore) {
        let (ann, bob) = (db.user("ann").await, db.user("bob").await);
        let old = db.user_by_name("ann").await.unwrap().unwrap().password_hash;
        let bobs = db.user_by_name("bob").await.unwrap().unwrap().password_hash;
        assert!(db.insert_session(new_session(ann.id, "a"), &old).await.unwrap());
        assert!(db.insert_session(new_session(ann.id, "b"), &old).await.unwrap());
        assert!(db.insert_session(new_session(bob.id, "c"), &bobs).await.unwrap());
        let kept = new_session(ann.id, "d");
        assert!(db.set_password(ann.id, &old, &"new".into(), kept.clone()).await.unwrap());
        let left: Vec<_> = db.sessions_of(ann.id).await.unwrap().into_iter().map(|session| session.id).collect();
        assert_eq!(left, [kept.id]);
        assert_eq!(db.sessions_of(bob.id).await.unwrap().len(), 1);
        assert_eq!(db.user_by_name("ann").await.unwrap().unwrap().password_hash.expose_secret(), "new");
    }

    async fn of_two_changes_of_one_password_one_succeeds(db: TestStore) {
        let ann = db.user("ann").await;
        let old = db.user_by_name("ann").await.unwrap().unwrap().password_hash;
        let attempts = (0..6).map(|i| {
            let (store, old, session) = (db.store.clone(), old.clone(), new_session(ann.id, &format!("s{i}")));
            tokio::spawn(async move {
                store.set_password(ann.id, &old, &format!("new {i}").into(), session).await.unwrap()
            })
        });
        let changed = join_all(attempts).await.into_iter().filter(|outcome| *outcome.as_ref().unwrap()).count();
        assert_eq!(changed, 1);
        assert_eq!(db.sessions_of(ann.id).await.unwrap().len(), 1);
    }
}
