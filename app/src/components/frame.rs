//! What every page of a signed-in person stands in: the way around, the button that launches agents, and what is wrong.

use leptos::{prelude::*, server::ServerActionError, server_fn::error::ServerFnUrlError};
use leptos_router::components::Outlet;

use super::{
    icon::{Drawing, Icon},
    launch::{LaunchButton, LaunchDialog},
    runtime_notice::RuntimeNotice,
    sidebar::Sidebar,
    toast_list::ToastList,
};
use crate::{
    error::ApiError,
    lean::view,
    state::{desktop, live::Live, session, toasts},
};

/// The frame. Whoever is not signed in is led to where they can.
#[component]
pub fn Frame() -> impl IntoView {
    let session = session::current();
    let is_unsandboxed = session.is_unsandboxed();
    let Some(user) = session.user else {
        lead_to_sign_in();
        return ().into_any();
    };
    Live::of_page().open();
    desktop::follow();
    super::launch::provide();
    view! {
        <a class="skip" href="#main" rel="external">"Skip to content"</a>
        <div class="frame">
            <Sidebar user />
            <div class="column">
                <RuntimeNotice />
                {is_unsandboxed.then(|| view! { <UnsandboxedNotice /> })}
                <PlainFormError />
                <div class="stage">
                    <header class="topbar">
                        <LaunchButton />
                    </header>
                    <main id="main" tabindex="-1">
                        <Outlet />
                    </main>
                </div>
            </div>
        </div>
        <LiveNotice />
        <LaunchDialog />
        <ToastList />
    }
}

/// Leads to the page to sign in on, and from there back.
pub fn lead_to_sign_in() {
    #[cfg(feature = "ssr")]
    {
        use crate::{api::context, local_path};
        context::show_instead(&local_path::login_page(&context::requested_path()));
    }
    Effect::new(toasts::sign_in_again);
}

#[component]
fn LiveNotice() -> impl IntoView {
    let live = Live::of_page();
    view! {
        <div role="status">
            <Show when=move || live.is_paused()>
                <p class="live-notice">
                    <Icon of=Drawing::Warning />
                    "Live updates paused, reconnecting…"
                </p>
            </Show>
        </div>
    }
}

#[component]
fn UnsandboxedNotice() -> impl IntoView {
    view! {
        <p class="notice" role="note">
            <Icon of=Drawing::Warning />
            <span>
                <strong>"Agents run without a sandbox."</strong>
                " They can read and change what this server can. Install bubblewrap on its host and restart it."
            </span>
        </p>
    }
}

/// What went wrong with a form that was sent before the WASM was there and that cannot show it itself.
#[component]
fn PlainFormError() -> impl IntoView {
    const SHOW_THEIR_OWN: [&str; 7] =
        ["create", "update", "edit", "launch", "sign_in", "create_account", "change_password"];
    let error = use_context::<ServerActionError>()
        .filter(|error| !SHOW_THEIR_OWN.iter().any(|name| error.path().ends_with(name)))
        .map(|error| ServerFnUrlError::<ApiError>::decode_err(error.err()));
    error.map(|error| view! { <p class="notice error" role="alert"><Icon of=Drawing::Warning />{error.message}</p> })
}
