//! The session cookie: how it is protected, when it changes, and when it stops working.

use serde_json::json;

use crate::support::{Answer, Client, PASSWORD, TestApp};

fn cookie_of(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

async fn sign_in(app: &TestApp, name: &str) -> (Answer, Client) {
    let answer = app.anonymous().post("/api/auth/login", &json!({ "username": name, "password": PASSWORD })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let browser = app.anonymous().with_header("cookie", &cookie_of(&answer));
    (answer, browser)
}

#[tokio::test(flavor = "multi_thread")]
async fn over_https_it_is_bound_to_the_host_and_over_loopback_it_is_strict() {
    for (url, name, secure) in [(Some("https://agents.example.com"), "__Host-session", true), (None, "session", false)]
    {
        let app = TestApp::with(url, |_| {}).await;
        let body = json!({ "username": "ann", "password": PASSWORD });
        let answer = app.anonymous().post("/api/auth/register", &body).await;
        let header = answer.header("set-cookie").to_owned();
        let mut parts = header.split("; ");
        let (got_name, secret) = parts.next().unwrap().split_once('=').unwrap();
        assert_eq!(got_name, name);
        assert_eq!(secret.len(), 64, "256 bits in hexadecimal");
        let mut attributes: Vec<_> = parts.filter(|part| !part.starts_with("Max-Age=")).collect();
        attributes.sort_unstable();
        let mut expected = vec!["HttpOnly", "Path=/", "SameSite=Strict"];
        expected.extend(secure.then_some("Secure"));
        assert_eq!(attributes, expected);
        assert!(!answer.text().contains(secret), "the secret is in the cookie and nowhere else");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_changes_at_every_sign_in_and_ends_with_signing_out() {
    let app = TestApp::new().await;
    app.register("ann").await;
    let (first, browser) = sign_in(&app, "ann").await;
    let (second, other_browser) = sign_in(&app, "ann").await;
    assert_ne!(cookie_of(&first), cookie_of(&second));
    assert_eq!(browser.get("/api/auth/me").await.data()["username"], "ann");
    let out = browser.send(http::Method::POST, "/api/auth/logout", None).await;
    assert_eq!(out.status, 200);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    let gone = browser.get("/api/auth/me").await;
    assert_eq!(
        (gone.status.as_u16(), gone.text().as_str()),
        (401, r#"{"success":false,"code":"unauthorized","message":"Unauthorized"}"#)
    );
    assert_eq!(gone.header("www-authenticate"), "Bearer");
    assert_eq!(other_browser.get("/api/auth/me").await.status, 200, "the other browser stays signed in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_every_other_session_and_renews_this_one() {
    let app = TestApp::new().await;
    app.register("ann").await;
    let (_, browser) = sign_in(&app, "ann").await;
    let (_, other_browser) = sign_in(&app, "ann").await;
    let change = json!({ "current_password": PASSWORD, "new_password": "another good one" });
    let changed = browser.post("/api/auth/password", &change).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    for old in [browser, other_browser] {
        assert_eq!(old.get("/api/auth/me").await.status, 401);
    }
    let renewed = app.anonymous().with_header("cookie", &cookie_of(&changed));
    assert_eq!(renewed.get("/api/auth/me").await.status, 200);
    let wrong = json!({ "current_password": PASSWORD, "new_password": "yet another one" });
    assert_eq!(renewed.post("/api/auth/password", &wrong).await.fields(), ["current_password"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_revoked() {
    let app = TestApp::new().await;
    app.register("ann").await;
    let (_, browser) = sign_in(&app, "ann").await;
    let (_, other_browser) = sign_in(&app, "ann").await;
    let sessions = browser.get("/api/sessions").await.data();
    let others: Vec<_> = sessions.as_array().unwrap().iter().filter(|session| session["current"] == false).collect();
    assert_eq!(others.len(), sessions.as_array().unwrap().len() - 1, "exactly one is the one that asks");
    for session in others {
        let path = format!("/api/sessions/{}", session["id"].as_str().unwrap());
        assert_eq!(browser.delete(&path).await.status, 200);
    }
    assert_eq!(other_browser.get("/api/auth/me").await.status, 401);
    assert_eq!(browser.get("/api/auth/me").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_wins_over_a_cookie_and_a_bad_one_is_refused() {
    let app = TestApp::new().await;
    let ann = app.register("ann").await;
    let bob = app.register("bob").await;
    let program = app.program_of(ann).await;
    let cookie_of_bob = {
        let (answer, _) = sign_in(&app, "bob").await;
        cookie_of(&answer)
    };
    let both = program.with_header("cookie", &cookie_of_bob);
    assert_eq!(both.get("/api/auth/me").await.data()["username"], "ann");
    for bad in ["Bearer nonsense", "Bearer ", "Basic YTpi", "nonsense"] {
        let answer = app.browser_of(bob).await.with_header("authorization", bad).get("/api/auth/me").await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "unauthorized"), "{bad}");
    }
    assert_eq!(program.post("/api/tokens", &json!({ "name": "x" })).await.code(), "forbidden");
}
