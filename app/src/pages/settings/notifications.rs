//! Whether new questions are shown on the desktop of this browser.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    lean::view,
    state::desktop::{self, Permission},
};

/// Whether new questions are shown on the desktop of this browser.
#[component]
pub fn Notifications() -> impl IntoView {
    let permission = RwSignal::new(Permission::Unknown);
    Effect::new(move || permission.set(desktop::permission()));
    let ask = move |_| {
        spawn_local(async move {
            // The page may be gone when the person decides.
            let _ = permission.try_set(desktop::ask().await);
        });
    };
    let said = move || match permission.get() {
        Permission::Unknown | Permission::Open => "",
        Permission::Missing => "This browser shows no notifications here. Most want HTTPS for that.",
        Permission::Granted => "Allowed in this browser.",
        Permission::Denied => {
            "This browser blocks notifications of this address. Allow them in its settings for the site."
        }
    };
    view! {
        <p class="quiet">"When an agent asks something while you do not look at AiWorker, the browser can tell you on the desktop."</p>
        <Show when=move || matches!(permission.get(), Permission::Unknown | Permission::Open)>
            <button type="button" class="button" disabled=move || permission.get() == Permission::Unknown on:click=ask>
                "Allow notifications"
            </button>
        </Show>
        <p role="status">{said}</p>
    }
}
