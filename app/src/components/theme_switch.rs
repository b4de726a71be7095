//! Light, dark, or as the system says.

use leptos::{ev, prelude::*, server_fn::ServerFn, task::spawn_local};

use crate::{
    api::theme::{ChooseTheme, choose_theme},
    lean::view,
    state::{
        theme::{Chosen, Theme},
        toasts::Toasts,
    },
};

/// Three buttons, one of them pressed.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let chosen = Chosen::of_page();
    let toasts = Toasts::of_page();
    let button = move |theme: Theme| {
        let choose = move |event: ev::MouseEvent| {
            event.prevent_default();
            chosen.apply(theme);
            spawn_local(async move {
                if let Err(error) = choose_theme(theme).await {
                    toasts.failed(&error);
                }
            });
        };
        view! {
            <button
                type="submit"
                name="theme"
                value=theme.as_str()
                aria-pressed=move || if chosen.get() == theme { "true" } else { "false" }
                on:click=choose
            >
                {theme.label()}
            </button>
        }
    };
    view! {
        <form method="post" action=ChooseTheme::url() class="inline">
            <div class="segments" role="group" aria-label="Theme">{Theme::ALL.map(button).collect_view()}</div>
        </form>
    }
}
