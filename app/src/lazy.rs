//! Code that is a file of its own, fetched when it is first needed: the pages that most visits do not open, and the terminal.
//!
//! On the server everything is there at once. The browser fetches the page's own code before it takes the page over, and
//! the next page's before it shows that.

#[cfg(not(feature = "hydrate"))]
use std::convert::Infallible;
use std::{future::Future, pin::Pin};

use domain::AgentId;
use leptos::prelude::*;
use leptos_router::{ChooseView, hooks::use_url};

use crate::{
    components::terminal::Terminal,
    error::ApiError,
    lean::view,
    pages::{
        agents::{detail::AgentDetail, terminal::TerminalPage, wall::Wall},
        projects::board::ProjectBoard,
        questions::Questions,
        settings::{Settings, orphans::Orphans, users::Users},
        tasks::detail::TaskDetail,
    },
};

/// A view whose code is fetched first; views that name the same file share it.
macro_rules! lazy {
    ($name:ident($($argument:ident: $kind:ty)?) in $file:ident, fetched by $fetch:ident => $view:expr) => {
        #[cfg(feature = "hydrate")]
        #[leptos::wasm_split::wasm_split($file, wasm_split_path = ::leptos::wasm_split, preload($fetch), fallible)]
        fn $name($($argument: $kind)?) -> Result<AnyView, ApiError> {
            Ok($view)
        }

        #[cfg(not(feature = "hydrate"))]
        async fn $name($($argument: $kind)?) -> Result<AnyView, ApiError> {
            // The page then tells the browser to fetch it at once.
            leptos::prefetch_lazy_fn_on_server(stringify!($file));
            Ok($view)
        }

        #[cfg(not(feature = "hydrate"))]
        async fn $fetch() -> Result<(), Infallible> {
            Ok(())
        }
    };
}

lazy!(project_board() in board, fetched by fetch_project_board => view! { <ProjectBoard /> });
lazy!(task_detail() in task, fetched by fetch_task_detail => view! { <TaskDetail /> });
lazy!(questions() in questions, fetched by fetch_questions => view! { <Questions /> });
lazy!(agent_detail() in agent, fetched by fetch_agent_detail => view! { <AgentDetail /> });
lazy!(settings() in settings, fetched by fetch_settings => view! { <Settings /> });
lazy!(orphans() in settings, fetched by fetch_orphans => view! { <Orphans /> });
lazy!(users() in settings, fetched by fetch_users => view! { <Users /> });
lazy!(wall() in wall, fetched by fetch_wall => view! { <Wall /> });
lazy!(terminal_page() in terminal_page, fetched by fetch_terminal_page => view! { <TerminalPage /> });
lazy!(agent_terminal(agent_id: AgentId) in terminal, fetched by fetch_agent_terminal => view! { <Terminal agent_id /> });

/// On the server everything is there.
#[cfg(not(feature = "hydrate"))]
impl From<Infallible> for ApiError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

type Boxed<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// A page whose code is fetched when somebody goes there.
#[derive(Clone, Copy)]
pub struct LazyPage {
    fetch: fn() -> Boxed<()>,
    make: fn() -> Boxed<AnyView>,
}

macro_rules! page {
    ($name:ident, $fetch:ident) => {
        LazyPage { fetch: || Box::pin(async { Ok($fetch().await?) }), make: || Box::pin($name()) }
    };
}

/// A project's board.
pub const PROJECT_BOARD: LazyPage = page!(project_board, fetch_project_board);
/// One task.
pub const TASK_DETAIL: LazyPage = page!(task_detail, fetch_task_detail);
/// The inbox.
pub const QUESTIONS: LazyPage = page!(questions, fetch_questions);
/// One agent.
pub const AGENT_DETAIL: LazyPage = page!(agent_detail, fetch_agent_detail);
/// All terminals.
pub const WALL: LazyPage = page!(wall, fetch_wall);
/// Settings.
pub const SETTINGS: LazyPage = page!(settings, fetch_settings);
/// What is left of agents.
pub const ORPHANS: LazyPage = page!(orphans, fetch_orphans);
/// Every account.
pub const USERS: LazyPage = page!(users, fetch_users);
/// One terminal.
pub const TERMINAL: LazyPage = page!(terminal_page, fetch_terminal_page);

/// Fetches what the page at a path needs. It must be there before the page is taken over.
#[cfg(feature = "hydrate")]
pub async fn fetch_page(path: &str) -> Result<(), ApiError> {
    match page_at(path) {
        Some(page) => (page.fetch)().await,
        None => Ok(()),
    }
}

/// The page at a path, if it has code of its own.
#[cfg(any(test, feature = "hydrate"))]
fn page_at(path: &str) -> Option<LazyPage> {
    let mut steps = path.split('/').filter(|step| !step.is_empty());
    match (steps.next()?, steps.next()) {
        ("projects", Some(_)) => Some(PROJECT_BOARD),
        ("tasks", Some(_)) => Some(TASK_DETAIL),
        ("questions", None) => Some(QUESTIONS),
        ("agents", Some(_)) => Some(AGENT_DETAIL),
        ("wall", None) => Some(WALL),
        ("settings", None) => Some(SETTINGS),
        ("settings", Some("orphans")) => Some(ORPHANS),
        ("settings", Some("users")) => Some(USERS),
        ("agent-terminal", Some(_)) => Some(TERMINAL),
        _ => None,
    }
}

impl ChooseView for LazyPage {
    async fn choose(self) -> AnyView {
        let url = use_url();
        (self.make)().await.unwrap_or_else(|_| {
            // The browser fetches the page whole, and the code that belongs to it, or says why it cannot.
            leave_for(&url.read_untracked());
            ().into_any()
        })
    }

    async fn preload(&self) {
        // What came of it is seen when the page is made.
        let _ = (self.fetch)().await;
    }
}

fn leave_for(url: &leptos_router::location::Url) {
    let query = if url.search().is_empty() { String::new() } else { format!("?{}", url.search()) };
    // It fails for an address that is no address only.
    let _ = window().location().assign(&format!("{}{query}", url.path()));
}

/// An agent's terminal.
pub async fn terminal_of(agent_id: AgentId) -> Result<AnyView, ApiError> {
    let making = async move {
        fetch_agent_terminal().await?;
        agent_terminal(agent_id).await
    };
    #[cfg(feature = "hydrate")]
    let making = send_wrapper::SendWrapper::new(making);
    making.await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lazy_page_of_the_route_table_is_found_by_its_path() {
        let routes = include_str!("routes.rs").lines().filter(|line| line.contains("<Route "));
        let mut lazy = 0;
        for route in routes {
            let path = route.split('"').nth(1).unwrap().replace(":id", "0198c0de-0000-7000-8000-000000000000");
            let is_lazy = route.contains("view=lazy::");
            assert_eq!(page_at(&path).is_some(), is_lazy, "{route}");
            lazy += usize::from(is_lazy);
        }
        assert!(lazy > 0);
    }
}
