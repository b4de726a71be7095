//! Text in the two places where Leptos writes what it is given into the page as it is: a document's title and the
//! content of a `<textarea>`. Names and descriptions come from people and agents, so both must be escaped here.

/// The text as HTML.
pub fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The text as a document's title: HTML in the page that the server sends, plain where the browser sets it.
pub fn title(text: &str) -> String {
    if cfg!(feature = "ssr") { html(text) } else { text.to_owned() }
}

/// The text as the content of a `<textarea>`. Browsers drop one line end at its beginning.
pub fn textarea(text: &str) -> String {
    format!("\n{}", html(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_element_that_holds_the_text() {
        assert_eq!(html("</title><script>&"), "&lt;/title&gt;&lt;script&gt;&amp;");
        assert_eq!(textarea("\n</textarea>"), "\n\n&lt;/textarea&gt;");
    }
}
