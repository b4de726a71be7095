//! The HTML document around the dashboard.

use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags};

use crate::{App, components::terminal::IMPORT_MAP, state::theme};

/// The document that the server sends for every page.
///
/// The import map stands before everything that loads a module: browsers ignore it afterwards.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=chosen_theme()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <script type="importmap" nonce=use_nonce() inner_html=IMPORT_MAP></script>
                <HashedStylesheet options=options.clone() id="leptos" />
                <AutoReload options=options.clone() />
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The theme is on the document before anything is painted.
fn chosen_theme() -> &'static str {
    #[cfg(feature = "ssr")]
    return theme::of_request().as_str();
    #[cfg(not(feature = "ssr"))]
    theme::Theme::System.as_str()
}
