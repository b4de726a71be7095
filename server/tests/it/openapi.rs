//! The description of the API, as it is published.

use crate::support::TestApp;

#[test]
fn the_description_changes_only_on_purpose() {
    insta::assert_json_snapshot!("openapi", server::router::openapi());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_served_for_programs_and_for_people() {
    let app = TestApp::new().await;
    let document = app.anonymous().get("/api/openapi.json").await;
    assert_eq!(document.status, 200);
    assert_eq!(document.json(), serde_json::to_value(server::router::openapi()).unwrap());
    let page = app.anonymous().get("/api/docs").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.text().contains("/api/agents/launch"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reference_leads_somewhere() {
    let document = serde_json::to_value(server::router::openapi()).unwrap();
    let text = document.to_string();
    for reference in text.split(r##""$ref":"#/components/schemas/"##).skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name} is not described");
    }
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
}
