//! Light, dark, or as the system says. The choice is a cookie, so that the server paints the first page right.

use domain::ErrorCode;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// The cookie's name.
#[cfg(feature = "ssr")]
pub const COOKIE: &str = "theme";

/// How things look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The name in the cookie and in the page.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// What a person reads.
    pub const fn label(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }
}

impl std::str::FromStr for Theme {
    type Err = ErrorCode;

    fn from_str(text: &str) -> Result<Self, ErrorCode> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text).ok_or(ErrorCode::Invalid)
    }
}

/// The choice that came with the request.
#[cfg(feature = "ssr")]
pub fn of_request() -> Theme {
    let value = crate::api::context::cookie(COOKIE);
    value.and_then(|value| value.parse().ok()).unwrap_or_default()
}

/// The choice in force, for the switch.
#[derive(Clone, Copy)]
pub struct Chosen(RwSignal<Theme>);

/// Provides the choice that the page was rendered with.
pub fn provide() {
    provide_context(Chosen(RwSignal::new(super::session::current().theme)));
}

impl Chosen {
    /// The choice of this page.
    pub fn of_page() -> Self {
        use_context().unwrap_or_else(|| Self(RwSignal::new(Theme::System)))
    }

    /// The choice now.
    pub fn get(self) -> Theme {
        self.0.get()
    }

    /// Repaints the page. Keeping the choice is the server function's part.
    pub fn apply(self, theme: Theme) {
        self.0.set(theme);
        if let Some(root) = document().document_element() {
            // It fails for a malformed name only.
            let _ = root.set_attribute("data-theme", theme.as_str());
        }
    }
}
