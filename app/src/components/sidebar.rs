//! The way around: projects, agents, settings, and out. A bar at the bottom on small screens.

use domain::User;
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::components::A;

use super::{
    icon::{Drawing, Icon},
    load::when_read,
    skeleton,
    theme_switch::ThemeSwitch,
};
use crate::{
    api::{auth::SignOut, questions::list_questions},
    lean::view,
    state::{questions, reading::read_once},
};

/// The way around.
#[component]
pub fn Sidebar(
    /// Who is signed in.
    user: User,
) -> impl IntoView {
    let initial = user.username.chars().next().unwrap_or('?').to_uppercase().to_string();
    view! {
        <nav class="sidebar" aria-label="Main">
            <a class="brand" href="/projects">
                <Logo />
                "AiWorker"
            </a>
            <div class="nav">
                <Place href="/projects" drawing=Drawing::Board text="Projects" />
                <Place href="/agents" drawing=Drawing::Agent text="Agents" />
                <A href="/questions" attr:class="nav-link">
                    <Icon of=Drawing::Question />
                    <span>"Questions"</span>
                    <OpenQuestions />
                </A>
                <Place href="/settings" drawing=Drawing::Settings text="Settings" />
            </div>
            <div class="sidebar-foot">
                <ThemeSwitch />
                <div class="whoami">
                    <span class="avatar" aria-hidden="true">{initial}</span>
                    <span class="whoami-name">{user.username}</span>
                </div>
                <form method="post" action=SignOut::url() class="inline sign-out">
                    <button type="submit" class="nav-link">
                        <Icon of=Drawing::SignOut />
                        <span>"Sign out"</span>
                    </button>
                </form>
            </div>
        </nav>
    }
}

#[component]
fn Place(href: &'static str, drawing: Drawing, text: &'static str) -> impl IntoView {
    view! {
        <A href=href attr:class="nav-link">
            <Icon of=drawing />
            <span>{text}</span>
        </A>
    }
}

/// How many questions wait for an answer.
#[component]
fn OpenQuestions() -> impl IntoView {
    let open = read_once(list_questions);
    when_read(skeleton::nothing, move || async move {
        // Not even an error: a page must not fail because of what stands beside it.
        let open = questions::follow_open(open.get().await.unwrap_or_default());
        Ok(view! {
            {move || {
                let number = open.with(Vec::len);
                (number > 0).then(|| view! {
                    <span class="nav-count"><span class="visually-hidden">"open: "</span>{number}</span>
                })
            }}
        })
    })
}

/// The sign of the product.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
            <rect class="logo-ground" x="1" y="1" width="18" height="18" rx="5"></rect>
            <path class="logo-prompt" d="M6 7l3 3-3 3M10.5 13.5h4"></path>
        </svg>
    }
}
