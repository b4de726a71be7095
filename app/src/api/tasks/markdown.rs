//! Markdown to HTML. What people and agents write is not trusted: everything that is not plain text structure is removed.

use std::collections::HashSet;

use pulldown_cmark::{Event, Options, Parser, html};

/// The text as HTML without scripts, styles, forms or anything that loads from elsewhere.
///
/// Images are shown as links: loading one tells its server who reads here, and the page's policy forbids it anyway.
pub fn to_safe_html(text: &str) -> String {
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS;
    let mut unsafe_html = String::with_capacity(text.len() * 3 / 2);
    html::push_html(&mut unsafe_html, Parser::new_ext(text, options).map(without_fields));
    ammonia::Builder::default()
        .rm_tags(["img", "map", "area"])
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .link_rel(Some("noopener noreferrer nofollow"))
        .clean(&unsafe_html)
        .to_string()
}

/// A list of tasks is to be read here, not ticked off: its boxes are characters, which need no label.
fn without_fields(event: Event<'_>) -> Event<'_> {
    match event {
        Event::TaskListMarker(is_done) => Event::Text(if is_done { "☑ " } else { "☐ " }.into()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::to_safe_html;

    #[test]
    fn structure_stays() {
        let html = to_safe_html("# Plan\n\n- [x] one\n- two `code`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n");
        for part in ["<h1>Plan</h1>", "<code>code</code>", "<table>", "☑ one"] {
            assert!(html.contains(part), "{part} is missing in {html}");
        }
    }

    #[test]
    fn nothing_that_acts_or_loads_survives() {
        let evil = "<script>alert(1)</script> <img src=x onerror=alert(1)> ![t](https://evil.example/p.png)\n\n\
            [a](javascript:alert(1)) <a href='data:text/html,x'>b</a> <b onclick=alert(1) style='x'>c</b>\n\n\
            <iframe src='//evil.example'></iframe><form action='//evil.example'><input name=q type=password></form>\n";
        let html = to_safe_html(evil);
        for part in [
            "<script",
            "<img",
            "onerror",
            "javascript:",
            "data:",
            "onclick",
            "style=",
            "<iframe",
            "<form",
            "password",
            "name=",
        ] {
            assert!(!html.contains(part), "{part} survived in {html}");
        }
        assert!(html.contains("<b>c</b>"));
    }
}
