//! The front door: on to the projects.

use leptos::prelude::*;

/// On to the projects.
#[component]
pub fn Home() -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::api::context::show_instead("/projects");
    let navigate = leptos_router::hooks::use_navigate();
    Effect::new(move || {
        let options = leptos_router::NavigateOptions { replace: true, ..Default::default() };
        navigate("/projects", options);
    });
}
