//! How pages look in this browser.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::context;
use super::fields::Fields;
use crate::{error::ApiError, state::theme::Theme};

/// Keeps the choice of light or dark in this browser.
#[server(name = ChooseTheme, prefix = "/_fn", endpoint = "theme/choose", input = Fields)]
pub async fn choose_theme(theme: Theme) -> Result<(), ApiError> {
    context::set_theme(theme);
    Ok(())
}
