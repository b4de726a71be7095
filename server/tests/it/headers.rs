//! What browsers are told with every answer.

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn pages_have_a_policy_with_a_fresh_nonce_and_no_inline_scripts_without_it() {
    let app = TestApp::with(Some("https://agents.example.com"), |_| {}).await;
    app.register("ann").await;
    let (first, second) = (app.anonymous().get("/login").await, app.anonymous().get("/login").await);
    assert_eq!(first.status, 200, "{}", first.text());
    let policy = first.header("content-security-policy").to_owned();
    assert_ne!(policy, second.header("content-security-policy"), "a nonce is used once");
    let scripts = policy.split("; ").find(|part| part.starts_with("script-src")).unwrap();
    assert!(!scripts.contains("unsafe-inline") && !scripts.contains("'unsafe-eval'"), "{scripts}");
    let nonce = scripts.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert!(nonce.len() >= 16);
    let page = first.text();
    for script in page.split("<script").skip(1) {
        let tag = script.split('>').next().unwrap();
        assert!(tag.contains(&format!(r#"nonce="{nonce}""#)), "a script without the nonce: <script{tag}>");
    }
    for part in ["frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"] {
        assert!(policy.contains(part), "{part} is missing in {policy}");
    }
    assert_eq!(first.header("x-content-type-options"), "nosniff");
    assert_eq!(first.header("referrer-policy"), "same-origin");
    assert_eq!(first.header("cross-origin-opener-policy"), "same-origin");
    assert_eq!(first.header("x-frame-options"), "DENY");
    assert!(first.header("permissions-policy").contains("camera=()"));
    assert!(first.header("strict-transport-security").starts_with("max-age="));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_for_somebody_are_not_kept_and_every_answer_has_an_id() {
    let app = TestApp::new().await;
    let browser = app.user("ann").await;
    for path in ["/api/projects", "/api/auth/me", "/projects", "/api/health"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
        assert!(answer.header("strict-transport-security").is_empty(), "{path} over plain HTTP");
    }
    assert_ne!(
        browser.get("/api/health").await.header("x-request-id"),
        browser.get("/api/health").await.header("x-request-id")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_kept_compressed_and_cannot_lead_out_of_their_folder() {
    let app = TestApp::new().await;
    let package = app.folder().join("site/pkg");
    std::fs::create_dir_all(&package).unwrap();
    std::fs::write(app.folder().join("site/secret.txt"), "secret").unwrap();
    std::fs::write(package.join("aiworker.css"), "body{}").unwrap();
    std::fs::write(package.join("aiworker.VGRp6WaeMxKWLUuUtNJ0Hw.css"), "body{color:red}").unwrap();
    std::fs::write(package.join("aiworker.VGRp6WaeMxKWLUuUtNJ0Hw.css.br"), "not really brotli").unwrap();
    let hashed = app.anonymous().get("/pkg/aiworker.VGRp6WaeMxKWLUuUtNJ0Hw.css").await;
    assert_eq!((hashed.status.as_u16(), hashed.text().as_str()), (200, "body{color:red}"));
    assert!(hashed.header("cache-control").contains("immutable"));
    assert_eq!(hashed.header("x-content-type-options"), "nosniff");
    assert_eq!(hashed.header("cross-origin-resource-policy"), "same-origin");
    assert!(hashed.header("permissions-policy").is_empty(), "that is about windows");
    let ready_made =
        app.anonymous().with_header("accept-encoding", "br").get("/pkg/aiworker.VGRp6WaeMxKWLUuUtNJ0Hw.css").await;
    assert_eq!((ready_made.header("content-encoding"), ready_made.text().as_str()), ("br", "not really brotli"));
    let plain = app.anonymous().get("/pkg/aiworker.css").await;
    assert!(plain.header("cache-control").contains("no-cache"));
    for path in [
        "/pkg/../secret.txt",
        "/pkg/%2e%2e/secret.txt",
        "/pkg/..%2fsecret.txt",
        "/assets/../secret.txt",
        "/pkg//etc/passwd",
    ] {
        let answer = app.anonymous().get(path).await;
        assert!(!answer.text().contains("secret") || answer.status == 404, "{path}");
        assert!(!answer.text().contains("root:"), "{path}");
    }
}
