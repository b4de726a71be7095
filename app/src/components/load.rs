//! What is read from the server before it can be shown: a skeleton meanwhile, and a way out when it fails.

use domain::ErrorCode;
use leptos::prelude::*;

use super::{
    empty_state::EmptyState,
    icon::{Drawing, Icon},
};
use crate::{error::ApiError, lean::view};

/// What to show when reading failed.
#[component]
pub fn LoadError(
    /// What went wrong.
    error: ApiError,
) -> impl IntoView {
    if error.code == ErrorCode::NotFound {
        return view! {
            <EmptyState heading="Not found" text=error.message>
                <a class="button" href="/projects">"Go to projects"</a>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <div class="load-error" role="alert">
            <Icon of=Drawing::Warning />
            <p>{error.message}</p>
            <a class="button" href="" rel="external">"Try again"</a>
        </div>
    }
    .into_any()
}
