//! What servers on one database tell each other.

use store::ServerRecord;

use crate::support::TestStore;

fn server(id: &str, beats: i64, told: i64) -> ServerRecord {
    ServerRecord { id: id.into(), beats, told }
}

fn said(news: &[&str]) -> Vec<String> {
    news.iter().map(|news| (*news).to_owned()).collect()
}

store_test! {
    async fn servers_hear_what_others_tell_in_its_order_until_it_is_forgotten(db: TestStore) {
        let other = db.replica().await;
        db.join_servers("one").await.unwrap();
        assert!(db.join_servers("one").await.is_err(), "a name is one server's");
        assert!(db.tell_servers("one", 1, &said(&["a", "b"])).await.unwrap());
        assert!(db.tell_servers("one", 3, &said(&["c ü \u{1f980}"])).await.unwrap());
        assert!(db.tell_servers("one", 4, &[]).await.unwrap(), "nothing is told");
        assert_eq!(other.servers().await.unwrap(), [server("one", 0, 3)]);
        let all = [(1, "a".to_owned()), (2, "b".to_owned()), (3, "c ü \u{1f980}".to_owned())];
        assert_eq!(other.told_after("one", 0, 9).await.unwrap(), all);
        assert_eq!(other.told_after("one", 1, 1).await.unwrap(), all[1..2]);
        assert_eq!(other.told_after("two", 0, 9).await.unwrap(), []);
        assert!(db.beat("one", 2).await.unwrap());
        assert_eq!(other.servers().await.unwrap(), [server("one", 1, 3)]);
        assert_eq!(other.told_after("one", 0, 9).await.unwrap(), all[2..]);
    }

    async fn only_a_server_that_is_not_heard_of_is_forgotten_by_others_and_it_notices(db: TestStore) {
        db.join_servers("one").await.unwrap();
        db.join_servers("two").await.unwrap();
        assert!(db.tell_servers("one", 1, &said(&["a"])).await.unwrap());
        assert!(db.beat("one", 0).await.unwrap());
        db.forget_server("one", 0).await.unwrap();
        assert_eq!(db.servers().await.unwrap().len(), 2, "it has been heard of since");
        db.forget_server("one", 1).await.unwrap();
        assert_eq!(db.servers().await.unwrap(), [server("two", 0, 0)]);
        assert_eq!(db.told_after("one", 0, 9).await.unwrap(), []);
        assert!(!db.beat("one", 0).await.unwrap());
        assert!(!db.tell_servers("one", 2, &said(&["b"])).await.unwrap());
        db.leave_servers("two").await.unwrap();
        db.leave_servers("two").await.unwrap();
        assert_eq!(db.servers().await.unwrap(), []);
    }
}
