//! Pages that the server renders, many at a time.

use std::sync::Arc;

use futures::{StreamExt as _, stream};
use serde_json::json;

use crate::support::TestApp;

/// How many pages each of the two reads, and how many are made at a time.
const PAGES: usize = 150;
const AT_A_TIME: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_whole_pages_of_their_own_however_many_are_made_at_once() {
    let app = TestApp::new().await;
    let people = ["ann", "bob"];
    let mut readers = Vec::new();
    for name in people {
        let browser = app.user(name).await;
        let project = browser.post("/api/projects", &json!({ "name": format!("of-{name}") })).await.data();
        readers.push((name, Arc::new(browser), format!("/projects/{}", project["id"].as_str().unwrap())));
    }
    let pages = (0..PAGES).flat_map(|_| readers.clone()).map(|(name, browser, path)| async move {
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let text = page.text();
        assert!(text.contains(&format!("<title>of-{name} · AiWorker</title>")), "the title is another's");
        let others = people.iter().filter(|other| **other != name);
        others
            .for_each(|other| assert!(!text.contains(&format!("of-{other}")), "what is {other}'s is on {name}'s page"));
        // What the page has read comes last, for whoever takes the page over in the browser.
        assert!(text.contains("</html>") && text.ends_with("</script>"), "a page without an end");
    });
    stream::iter(pages).buffer_unordered(AT_A_TIME).collect::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_projects_asks_whether_to_delete_the_one_that_its_address_names() {
    let app = TestApp::new().await;
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let project = ann.post("/api/projects", &json!({ "name": "engine" })).await.data();
    let path = format!("/projects?project={}&dialog=delete", project["id"].as_str().unwrap());
    let page = ann.get(&path).await.text();
    assert!(page.contains("Delete engine?"), "it asks without scripts, too");
    assert!(!ann.get("/projects").await.text().contains("Delete engine?"), "it asks only when told to");
    bob.post("/api/projects", &json!({ "name": "garden" })).await;
    assert!(!bob.get(&path).await.text().contains("engine"), "what is ann's is on bob's page");
}
