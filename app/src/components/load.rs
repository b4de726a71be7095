//! What is read from the server before it can be shown: a skeleton meanwhile, and a way out when it fails.

use std::{future::Future, sync::Arc};

use domain::ErrorCode;
use leptos::prelude::*;

use super::{
    empty_state::EmptyState,
    icon::{Drawing, Icon},
};
use crate::{error::ApiError, lean::view, state::reading::Boxed};

type Shown = Arc<dyn Fn() -> Boxed<AnyView> + Send + Sync>;

/// Shows what `make` comes to, and `meanwhile` until then, each time anew.
pub fn when_read<F>(meanwhile: fn() -> AnyView, make: impl Fn() -> F + Send + Sync + 'static) -> AnyView
where
    F: Future<Output = Result<AnyView, ApiError>> + Send + 'static,
{
    let shown = boxed(make);
    view! { <Suspense fallback=meanwhile>{suspended(&shown)}</Suspense> }
}

/// Shows what `make` comes to, and keeps it until the next is there.
pub fn while_read<F>(meanwhile: fn() -> AnyView, make: impl Fn() -> F + Send + Sync + 'static) -> AnyView
where
    F: Future<Output = Result<AnyView, ApiError>> + Send + 'static,
{
    let shown = boxed(make);
    view! { <Transition fallback=meanwhile>{suspended(&shown)}</Transition> }
}

/// What is shown, made once: a page that is sent does not change.
#[cfg(feature = "ssr")]
fn suspended(shown: &Shown) -> Suspend<AnyView> {
    Suspend::new(shown())
}

/// What is shown, made anew whenever what it reads changes.
#[cfg(not(feature = "ssr"))]
fn suspended(shown: &Shown) -> impl Fn() -> Suspend<AnyView> + Send + use<> {
    let shown = Arc::clone(shown);
    move || Suspend::new(shown())
}

fn boxed<F>(make: impl Fn() -> F + Send + Sync + 'static) -> Shown
where
    F: Future<Output = Result<AnyView, ApiError>> + Send + 'static,
{
    Arc::new(move || {
        let reading = make();
        Box::pin(async move { reading.await.unwrap_or_else(|error| view! { <LoadError error /> }) })
    })
}

/// What to show when reading failed.
#[component]
pub fn LoadError(
    /// What went wrong.
    error: ApiError,
) -> impl IntoView {
    if error.code == ErrorCode::NotFound {
        return view! {
            <div class="page">
                <EmptyState heading="Not found" text=error.message>
                    <a class="button" href="/projects">
                        "Go to projects"
                    </a>
                </EmptyState>
            </div>
        };
    }
    view! {
        <div class="load-error" role="alert">
            <Icon of=Drawing::Warning />
            <p>{error.message}</p>
            <a class="button" href="" rel="external">
                "Try again"
            </a>
        </div>
    }
}
