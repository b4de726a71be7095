//! Every account, and how one is deleted. For those who run this installation.

use std::marker::PhantomData;

use domain::{Account, Role, UserId};
use leptos::{ev, prelude::*};
use leptos_router::hooks::use_query_map;

use crate::{
    api::users::{DeleteUser, list_users},
    components::{
        confirm::ConfirmDelete,
        dialog::dialog_state,
        icon::{Drawing, Icon},
        load::while_read,
        page_header::{Crumb, PageHeader},
        skeleton,
        time::Time,
    },
    lean::view,
    state::{reading::read_once, session, toasts::Toasts},
};

/// What the dialog is about.
#[derive(Clone, Copy)]
struct Asking {
    id: RwSignal<Option<UserId>>,
    /// What the question calls it, where that is known.
    name: RwSignal<Option<String>>,
    open: RwSignal<bool>,
}

/// Every account.
#[component]
pub fn Users() -> impl IntoView {
    let users = read_once(list_users);
    let named = use_query_map().read_untracked().get("id").and_then(|id| id.parse().ok());
    let asking = Asking { id: RwSignal::new(named), name: RwSignal::new(None), open: dialog_state("delete") };
    let toasts = Toasts::of_page();
    let done = move |()| {
        asking.open.set(false);
        toasts.done("The account is being deleted.");
        users.again();
    };
    let list = while_read(skeleton::few, move || async move {
        let list = users.get().await?;
        Ok(view! { <UserTable list asking /> })
    });
    let id = move || asking.id.get().map(|id| id.to_string());
    let question = Signal::derive(move || match asking.name.get() {
        Some(name) => format!("Delete the account {name}?"),
        None => "Delete this account?".to_owned(),
    });
    view! {
        <PageHeader title="Users" crumbs=vec![Crumb { text: "Settings".into(), href: "/settings".into() }]>
            <button type="button" class="button small ghost" on:click=move |_| users.again()>
                <Icon of=Drawing::Refresh />
                "Read again"
            </button>
        </PageHeader>
        <div class="page">
            <p class="quiet above-table">
                "Everybody who has an account here. One that is being deleted stays in the list until the last of its agents is gone."
            </p>
            {list}
        </div>
        <ConfirmDelete
            open=asking.open
            by={PhantomData::<fn(DeleteUser)>}
            done
            question
            consequence="They are signed out everywhere at once. Their agents are ended, and their workspaces are deleted with everything that was not pushed; so are their projects, tasks, questions, credentials and tokens. This cannot be undone."
        >
            <input type="hidden" name="id" value=id />
        </ConfirmDelete>
    }
}

#[component]
fn UserTable(list: Vec<Account>, asking: Asking) -> impl IntoView {
    let rows = list.into_iter().map(|account| view! { <UserRow account asking /> }).collect_view();
    view! {
        <table class="table" role="table" aria-label="Users">
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"Name"</th>
                    <th role="columnheader" scope="col">"Role"</th>
                    <th role="columnheader" scope="col">"Created"</th>
                    <th role="columnheader" scope="col">"Agents"</th>
                    <th role="columnheader" scope="col">"Projects"</th>
                    <th role="columnheader" scope="col"><span class="visually-hidden">"Actions"</span></th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
}

#[component]
fn UserRow(account: Account, asking: Asking) -> impl IntoView {
    let Account { id, username, role, created_at, agents, projects, deleting_since } = account;
    let is_own = session::current().user.is_some_and(|user| user.id == id);
    let role = match role {
        Role::Admin => "Admin",
        Role::Member => "Member",
    };
    let name = username.clone();
    let ask = move |event: ev::MouseEvent| {
        event.prevent_default();
        asking.id.set(Some(id));
        asking.name.set(Some(name.clone()));
        asking.open.set(true);
    };
    let action = match deleting_since {
        Some(at) => view! { <span class="quiet">"Being deleted, asked " <Time at /></span> },
        None if is_own => view! { <span class="quiet">"You"</span> },
        None => view! {
            <form method="get" class="actions">
                <input type="hidden" name="id" value=id.to_string() />
                <button type="submit" class="button small ghost-danger" name="dialog" value="delete" aria-haspopup="dialog" on:click=ask>
                    <Icon of=Drawing::Trash />
                    "Delete"
                </button>
            </form>
        },
    };
    view! {
        <tr role="row">
            <td role="cell" class="cell-main">{username}</td>
            <td role="cell" data-label="Role">{role}</td>
            <td role="cell" data-label="Created"><Time at=created_at /></td>
            <td role="cell" data-label="Agents">{agents}</td>
            <td role="cell" data-label="Projects">{projects}</td>
            <td role="cell" class="cell-actions">{action}</td>
        </tr>
    }
}
