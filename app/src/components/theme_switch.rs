//! Light, dark, or as the system says.

use leptos::{ev, prelude::*, server_fn::ServerFn};

use crate::{
    api::theme::ChooseTheme,
    lean::view,
    state::theme::{Chosen, Theme},
};

/// Three buttons, one of them pressed.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let chosen = Chosen::of_page();
    let keep = ServerAction::<ChooseTheme>::new();
    let button = move |theme: Theme| {
        let choose = move |event: ev::MouseEvent| {
            event.prevent_default();
            chosen.apply(theme);
            keep.dispatch(ChooseTheme { theme });
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
