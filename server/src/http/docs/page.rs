//! The page for people, as text: no scripts, readable without the site's style sheet.

use serde_json::Value;

use super::schema;

/// The page's own style; the site's tokens are used where its style sheet is loaded.
const STYLE: &str = include_str!("page.css");
/// Order in which methods of one path are shown.
const METHODS: [&str; 5] = ["get", "post", "patch", "put", "delete"];

/// The whole page. `style` is the address of the site's style sheet.
pub fn render(document: &Value, style: Option<&str>) -> String {
    let title = text(&document["info"]["title"]);
    let link = style.map(|href| format!(r#"<link rel="stylesheet" href="{}">"#, escape(href))).unwrap_or_default();
    let tags = document["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
    let contents: String = tags.iter().map(|tag| contents_entry(&text(&tag["name"]))).collect();
    let sections: String = tags.iter().map(|tag| section(document, tag)).collect();
    format!(
        r##"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>API · {title}</title>{link}<style>{STYLE}</style></head>
<body class="api-docs"><a class="api-skip" href="#content">Skip to content</a>
<header class="api-head"><p><a href="/">{title}</a></p><h1>API</h1><p>Version {version} · <a href="/api/openapi.json">openapi.json</a></p></header>
<nav class="api-contents" aria-label="Contents"><ul>{contents}<li><a href="#schemas">Schemas</a></li></ul></nav>
<main id="content"><p>{about}</p>{sections}<section id="schemas"><h2>Schemas</h2>{schemas}</section></main></body></html>"##,
        version = text(&document["info"]["version"]),
        about = prose(&document["info"]["description"]),
        schemas = schema::all(&document["components"]["schemas"]),
    )
}

fn contents_entry(name: &str) -> String {
    format!(r##"<li><a href="#{}">{name}</a></li>"##, anchor(name))
}

/// The operations of one tag.
fn section(document: &Value, tag: &Value) -> String {
    let name = tag["name"].as_str().unwrap_or_default();
    let mut operations = String::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let operation = &item[method];
            if operation["tags"].as_array().is_some_and(|tags| tags.iter().any(|tag| tag == name)) {
                operations.push_str(&self::operation(path, method, operation));
            }
        }
    }
    let about = prose(&tag["description"]);
    format!(r#"<section id="{}"><h2>{}</h2><p>{about}</p>{operations}</section>"#, anchor(name), escape(name))
}

fn operation(path: &str, method: &str, operation: &Value) -> String {
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    let mut parts = String::new();
    if operation["description"].is_string() {
        parts.push_str(&format!("<p>{}</p>", prose(&operation["description"])));
    }
    parts.push_str(&parameters(&operation["parameters"]));
    if body.is_object() {
        parts.push_str(&format!("<h4>Body</h4><p>{}</p>", schema::type_of(body)));
    }
    parts.push_str(&responses(&operation["responses"]));
    let public =
        operation["security"].as_array().is_some_and(|all| all.iter().any(|one| one == &serde_json::json!({})));
    let example = escape(&curl(path, method, body.is_object(), public));
    parts.push_str(&format!("<h4>Example</h4><pre><code>{example}</code></pre>"));
    format!(
        r#"<details class="api-operation" id="{id}"><summary><span class="api-method api-{method}">{verb}</span>
<code>{path}</code> <span class="api-summary">{summary}</span></summary>{parts}</details>"#,
        id = text(&operation["operationId"]),
        verb = method.to_uppercase(),
        path = escape(path),
        summary = prose(&operation["summary"]),
    )
}

fn parameters(parameters: &Value) -> String {
    let rows: String = parameters
        .as_array()
        .into_iter()
        .flatten()
        .map(|parameter| {
            let (name, place) = (text(&parameter["name"]), text(&parameter["in"]));
            let (kind, about) = (schema::type_of(&parameter["schema"]), prose(&parameter["description"]));
            format!("<tr><td><code>{name}</code></td><td>{place}</td><td>{kind}</td><td>{about}</td></tr>")
        })
        .collect();
    if rows.is_empty() {
        return rows;
    }
    format!(
        "<h4>Parameters</h4><table><thead><tr><th>Name</th><th>In</th><th>Type</th><th>What it is</th></tr></thead>\
         <tbody>{rows}</tbody></table>"
    )
}

fn responses(responses: &Value) -> String {
    let (mut good, mut bad) = (String::new(), Vec::new());
    for (status, response) in responses.as_object().into_iter().flatten() {
        if status.starts_with('2') {
            let kind = response["content"].as_object().into_iter().flatten().next();
            let kind = kind.map(|(mime, content)| (mime.as_str(), schema::type_of(&content["schema"])));
            let (mime, kind) = kind.unwrap_or_default();
            let stream = if mime == "text/event-stream" { " as server-sent events" } else { "" };
            good.push_str(&format!("<p><strong>{status}</strong> {kind}{stream}</p>"));
        } else {
            bad.push(format!(r#"<abbr title="{}">{status}</abbr>"#, text(&response["description"])));
        }
    }
    let failures = if bad.is_empty() {
        String::new()
    } else {
        format!(r##"<p>Failures: {} as <a href="#schema-Failure">Failure</a></p>"##, bad.join(", "))
    };
    format!("<h4>Answer</h4>{good}{failures}")
}

/// What to type to try it.
fn curl(path: &str, method: &str, has_body: bool, public: bool) -> String {
    let mut line = String::from("curl");
    if method != "get" {
        line.push_str(&format!(" -X {}", method.to_uppercase()));
    }
    if !public {
        line.push_str(r#" -H "Authorization: Bearer $AIWORKER_TOKEN""#);
    }
    if has_body {
        line.push_str(" -H 'Content-Type: application/json' -d @body.json");
    }
    format!("{line} \"$AIWORKER_URL{}\"", path.replace("{id}", "$ID"))
}

/// Text for HTML, with `code` between backticks.
pub fn prose(value: &Value) -> String {
    let parts = value.as_str().unwrap_or_default().split('`').map(escape);
    let marked = parts.enumerate().map(|(n, part)| if n % 2 == 1 { format!("<code>{part}</code>") } else { part });
    marked.collect::<String>().replace("\n\n", "<br>")
}

/// Text for HTML.
pub fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

/// Text for HTML, also inside quotes.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn anchor(name: &str) -> String {
    name.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_on_the_page_and_nothing_can_break_out() {
        let document = serde_json::to_value(crate::router::openapi()).unwrap();
        let page = render(&document, Some("/pkg/aiworker.css"));
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no id"));
                assert!(page.contains(&format!(r#"id="{id}""#)), "{method} {path} is missing");
            }
        }
        assert!(!page.contains("<script"));
        assert_eq!(escape("<a href='x'>\"&"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;");
    }
}
