//! A project's tasks in columns by state.

use domain::{Task, TaskId, TaskState};
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast as _;

use super::task_card::{TaskCard, card_link};
use crate::{lean::view, state::tasks};

mod move_menu;
use move_menu::{MenuPlace, MoveMenu};

/// The columns that are always there; the others are folded beside them.
const MAIN: [TaskState; 5] =
    [TaskState::Backlog, TaskState::InProgress, TaskState::NeedsInput, TaskState::InReview, TaskState::Done];
const FOLDED: [TaskState; 2] = [TaskState::Failed, TaskState::Cancelled];

/// What the parts of a board share.
#[derive(Clone, Copy)]
pub struct Board {
    tasks: RwSignal<Vec<Task>>,
    dragged: RwSignal<Option<TaskId>>,
    menu: RwSignal<Option<MenuPlace>>,
    /// What a screen reader says next.
    said: RwSignal<String>,
    editing: RwSignal<Option<Task>>,
}

impl Board {
    /// For the page that shows `tasks`. A task that shall be changed goes into `editing`.
    pub fn provide(tasks: RwSignal<Vec<Task>>, editing: RwSignal<Option<Task>>) {
        let (dragged, menu, said) = (RwSignal::new(None), RwSignal::new(None), RwSignal::new(String::new()));
        provide_context(Self { tasks, dragged, menu, said, editing });
    }

    /// The project's tasks.
    pub fn tasks(self) -> RwSignal<Vec<Task>> {
        self.tasks
    }

    /// The task in the air.
    pub fn dragged(self) -> RwSignal<Option<TaskId>> {
        self.dragged
    }

    /// Begins to change what a task says.
    pub fn edit(self, task: Task) {
        self.editing.set(Some(task));
    }

    /// Takes a task into the air.
    pub fn drag(self, id: TaskId, event: &ev::DragEvent) {
        if let Some(transfer) = event.data_transfer() {
            transfer.set_effect_allowed("move");
            // Firefox drags nothing that carries no data.
            let _ = transfer.set_data("text/plain", &id.to_string());
        }
        self.dragged.set(Some(id));
    }

    /// Opens the menu of a task at the button that was pressed.
    pub fn open_menu(self, id: TaskId, event: &ev::MouseEvent) {
        let button = event.current_target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if let Some(button) = button {
            let edges = button.get_bounding_client_rect();
            self.menu.set(Some(MenuPlace { task: id, right: edges.right(), bottom: edges.bottom(), top: edges.top() }));
        }
    }

    /// Moves a task by `step` columns, over those where it may not go.
    pub fn step(self, task: &Task, step: isize) {
        let all = TaskState::ALL;
        let here = all.iter().position(|state| *state == task.state).unwrap_or_default();
        let targets = std::iter::successors(here.checked_add_signed(step), |at| at.checked_add_signed(step));
        let target = targets.map_while(|at| all.get(at)).find(|state| task.state.can_become(**state));
        match target {
            Some(state) => self.move_to(task.id, *state),
            None => self.said.set(format!("{} cannot move further that way.", task.title)),
        }
    }

    /// Moves a task, says so, and keeps the focus on it.
    pub fn move_to(self, id: TaskId, state: TaskState) {
        let task = self.tasks.with_untracked(|tasks| tasks.iter().find(|task| task.id == id).cloned());
        let Some(task) = task.filter(|task| task.state != state && task.state.can_become(state)) else { return };
        tasks::move_to(self.tasks, id, state);
        self.said.set(format!("{} moved to {}.", task.title, state.label()));
        request_animation_frame(move || {
            let link = document().get_element_by_id(&card_link(id));
            if let Some(link) = link.and_then(|link| link.dyn_into::<web_sys::HtmlElement>().ok()) {
                // It fails for an element that has left the page only.
                let _ = link.focus();
            }
        });
    }

    /// Whether the task in the air may be let go over `state`.
    fn takes(self, state: TaskState) -> Option<bool> {
        let id = self.dragged.get()?;
        self.tasks.with(|tasks| {
            let task = tasks.iter().find(|task| task.id == id)?;
            Some(task.state != state && task.state.can_become(state))
        })
    }
}

/// The columns, the menu and what is said.
#[component]
pub fn BoardView() -> impl IntoView {
    let board = expect_context::<Board>();
    view! {
        <div class="board">
            {MAIN.map(|state| view! { <Column state /> }).collect_view()}
            <div class="board-folded">
                {FOLDED.map(|state| view! { <FoldedColumn state /> }).collect_view()}
            </div>
        </div>
        <MoveMenu place=board.menu />
        <p class="visually-hidden" aria-live="polite">{move || board.said.get()}</p>
    }
}

/// The ids of a column's tasks: what is urgent first, then what is older.
fn ids_in(board: Board, state: TaskState) -> Memo<Vec<TaskId>> {
    Memo::new(move |_| {
        board.tasks.with(|tasks| {
            let mut column: Vec<&Task> = tasks.iter().filter(|task| task.state == state).collect();
            column.sort_by_key(|task| (task.priority, task.id));
            column.into_iter().map(|task| task.id).collect()
        })
    })
}

#[component]
fn Column(state: TaskState) -> impl IntoView {
    let board = expect_context::<Board>();
    let ids = ids_in(board, state);
    let heading = format!("column-{}", state.as_str());
    let labelled_by = heading.clone();
    view! {
        <section
            class=format!("board-column state-{}", state.as_str())
            aria-labelledby=labelled_by
            class:takes=move || board.takes(state) == Some(true)
            class:refuses=move || board.takes(state) == Some(false)
            on:dragover=move |event| drag_over(board, state, &event)
            on:drop=move |event| drop_on(board, state, &event)
        >
            <h2 id=heading>
                <span class="state-dot" aria-hidden="true"></span>
                {state.label()}
                " "
                <span class="count">{move || ids.with(Vec::len)}</span>
            </h2>
            <Cards ids />
        </section>
    }
}

#[component]
fn FoldedColumn(state: TaskState) -> impl IntoView {
    let board = expect_context::<Board>();
    let ids = ids_in(board, state);
    view! {
        <details
            class=format!("board-column folded state-{}", state.as_str())
            class:takes=move || board.takes(state) == Some(true)
            class:refuses=move || board.takes(state) == Some(false)
            on:dragover=move |event| drag_over(board, state, &event)
            on:drop=move |event| drop_on(board, state, &event)
        >
            <summary>
                <span class="state-dot" aria-hidden="true"></span>
                {state.label()}
                " "
                <span class="count">{move || ids.with(Vec::len)}</span>
            </summary>
            <Cards ids />
        </details>
    }
}

#[component]
fn Cards(ids: Memo<Vec<TaskId>>) -> impl IntoView {
    let tasks = expect_context::<Board>().tasks;
    let card = move |id: TaskId| {
        let find = move || tasks.with(|tasks| tasks.iter().find(|task| task.id == id).cloned());
        let Some(first) = tasks.with_untracked(|tasks| tasks.iter().find(|task| task.id == id).cloned()) else {
            return ().into_any();
        };
        // A task that is gone keeps its last face until its card is.
        let task =
            Memo::new(move |last: Option<&Task>| find().or_else(|| last.cloned()).unwrap_or_else(|| first.clone()));
        view! { <TaskCard task=task.into() /> }
    };
    view! {
        <ul class="cards">
            <For each=move || ids.get() key=|id| *id children=card />
        </ul>
    }
}

fn drag_over(board: Board, state: TaskState, event: &ev::DragEvent) {
    if board.takes(state) == Some(true) {
        // Allows to let go here.
        event.prevent_default();
    }
}

fn drop_on(board: Board, state: TaskState, event: &ev::DragEvent) {
    event.prevent_default();
    if let Some(id) = board.dragged.get_untracked() {
        board.dragged.set(None);
        board.move_to(id, state);
    }
}
