//! The only route table. A page that comes from `lazy` has its path there, too.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

use crate::{
    components::frame::Frame,
    lazy,
    pages::{
        agents::list::Agents, home::Home, login::Login, not_found::NotFound, projects::list::Projects,
        register::Register,
    },
    state::{clock, live, questions, session, theme, toasts},
};

/// The dashboard.
///
/// Pages are rendered whole before they are sent ([`SsrMode::Async`]): they have the right status, and they work
/// without scripts.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    session::provide();
    theme::provide();
    clock::provide();
    toasts::provide();
    live::provide();
    let open = questions::provide();
    let title = move |page: String| {
        open.before(if page.is_empty() { "AiWorker".to_owned() } else { format!("{page} · AiWorker") })
    };
    view! {
        <Title formatter=title />
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/login") view=Login ssr=SsrMode::Async />
                <Route path=path!("/register") view=Register ssr=SsrMode::Async />
                <Route path=path!("/agent-terminal/:id") view=lazy::TERMINAL ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=Frame ssr=SsrMode::Async>
                    <Route path=path!("/") view=Home ssr=SsrMode::Async />
                    <Route path=path!("/projects") view=Projects ssr=SsrMode::Async />
                    <Route path=path!("/projects/:id") view=lazy::PROJECT_BOARD ssr=SsrMode::Async />
                    <Route path=path!("/tasks/:id") view=lazy::TASK_DETAIL ssr=SsrMode::Async />
                    <Route path=path!("/questions") view=lazy::QUESTIONS ssr=SsrMode::Async />
                    <Route path=path!("/agents") view=Agents ssr=SsrMode::Async />
                    <Route path=path!("/agents/:id") view=lazy::AGENT_DETAIL ssr=SsrMode::Async />
                    <Route path=path!("/wall") view=lazy::WALL ssr=SsrMode::Async />
                    <Route path=path!("/settings") view=lazy::SETTINGS ssr=SsrMode::Async />
                    <Route path=path!("/settings/orphans") view=lazy::ORPHANS ssr=SsrMode::Async />
                    <Route path=path!("/settings/users") view=lazy::USERS ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
    }
}
