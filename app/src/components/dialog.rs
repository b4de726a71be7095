//! A native modal dialog: the browser keeps the focus inside, gives it back, and closes it on Esc.
//!
//! A dialog is part of its page's address (`?dialog=…`), so that its button works before the WASM is there: the server
//! then sends the page with the dialog open.

use leptos::{ev, html, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate, use_query_map},
};

use super::icon::{Drawing, Icon};

use crate::lean::view;

/// The part of the address that names the open dialog.
const QUERY: &str = "dialog";

/// Whether the dialog called `id` is open. A link to it opens it.
pub fn dialog_state(id: &'static str) -> RwSignal<bool> {
    let query = use_query_map();
    let open = RwSignal::new(query.read_untracked().get(QUERY).is_some_and(|named| named == id));
    Effect::new(move || {
        if query.read().get(QUERY).is_some_and(|named| named == id) {
            open.set(true);
        }
    });
    open
}

/// A button that opens a dialog of the page at `path`.
#[component]
pub fn DialogButton(
    /// The dialog's name in the address.
    id: &'static str,
    /// The page that has the dialog.
    #[prop(into)]
    path: String,
    /// Whether the dialog is open.
    open: RwSignal<bool>,
    /// How the button looks.
    #[prop(default = "button")]
    class: &'static str,
    /// What is on the button.
    children: Children,
) -> impl IntoView {
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        open.set(true);
    };
    view! {
        <form method="get" action=path class="inline" on:submit=submit>
            <input type="hidden" name=QUERY value=id />
            <button type="submit" class=class aria-haspopup="dialog">
                {children()}
            </button>
        </form>
    }
}

/// A modal dialog. What is inside is made anew each time it opens.
#[component]
pub fn Dialog(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// Its name for screen readers: that of the button that opens it.
    label: &'static str,
    /// The heading people see; the name unless said.
    #[prop(optional, into)]
    heading: MaybeProp<String>,
    /// Further classes.
    #[prop(default = "")]
    class: &'static str,
    /// Whether Esc belongs to what is inside.
    #[prop(default = false)]
    keeps_escape: bool,
    /// What is inside.
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let opens_at_once = open.get_untracked();
    let opening = StoredValue::new(false);
    Effect::new(move || follow(node, open.get(), opening));
    forget_address_when_closed(open);
    let keydown = move |event: ev::KeyboardEvent| {
        if keeps_escape && event.key() == "Escape" {
            event.prevent_default();
        }
    };
    let heading = move || heading.get().unwrap_or_else(|| label.to_owned());
    view! {
        <dialog
            node_ref=node
            class=format!("dialog {class}")
            aria-label=label
            open=opens_at_once
            closedby=if keeps_escape { "none" } else { "closerequest" }
            on:keydown=keydown
            // It is told late: the button may have been pressed again meanwhile.
            on:close=move |_| if !opening.get_value() { open.set(false) }
        >
            <Show when=move || open.get()>
                <div class="dialog-header">
                    <h2>{heading}</h2>
                    <form method="get" class="inline" on:submit=move |event: ev::SubmitEvent| {
                        event.prevent_default();
                        open.set(false);
                    }>
                        <button type="submit" class="button ghost square" aria-label="Close" title="Close">
                            <Icon of=Drawing::Close />
                        </button>
                    </form>
                </div>
                <div class="dialog-body">{children()}</div>
            </Show>
        </dialog>
    }
}

/// Makes the element follow the signal. `opening` says whether it is still to be opened.
fn follow(node: NodeRef<html::Dialog>, open: bool, opening: StoredValue<bool>) {
    let Some(dialog) = node.get() else { return };
    opening.set_value(open);
    if !open {
        dialog.close();
        return;
    }
    // The content is mounted in the same turn; the dialog looks for what to focus when it opens.
    request_animation_frame(move || {
        if opening.try_update_value(std::mem::take) != Some(true) || dialog.matches(":modal").unwrap_or(false) {
            return;
        }
        // Open, but not modal: so the server sent it.
        if dialog.open() {
            let _ = dialog.remove_attribute("open");
        }
        // It fails for a dialog that has left the page only.
        let _ = dialog.show_modal();
    });
}

/// A closed dialog shall not open again when the page is read again.
fn forget_address_when_closed(open: RwSignal<bool>) {
    let (location, query) = (use_location(), use_query_map());
    let navigate = use_navigate();
    Effect::new(move |was_open: Option<bool>| {
        let is_open = open.get();
        if was_open == Some(true) && !is_open && query.read_untracked().get(QUERY).is_some() {
            let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
            navigate(&location.pathname.get_untracked(), options);
        }
        is_open
    });
}
