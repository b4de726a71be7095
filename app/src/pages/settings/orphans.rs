//! Orphans: what the runtime has and the database does not know, and the other way round. For those who run this installation.

use std::marker::PhantomData;

use domain::{AgentId, Orphan, OrphanKind};
use leptos::{ev, prelude::*};
use leptos_router::hooks::use_query_map;

use crate::{
    api::orphans::{MendOrphan, list_orphans},
    components::{
        confirm::ConfirmDelete,
        dialog::dialog_state,
        empty_state::EmptyState,
        icon::{Drawing, Icon},
        load::while_read,
        page_header::{Crumb, PageHeader},
        skeleton,
        time::{Manner, Time},
    },
    lean::view,
    state::{reading::read_once, toasts::Toasts},
};

/// What the dialogs are about.
#[derive(Clone, Copy)]
struct Asking {
    id: RwSignal<Option<AgentId>>,
    repairing: RwSignal<bool>,
    removing: RwSignal<bool>,
}

/// Orphans.
#[component]
pub fn Orphans() -> impl IntoView {
    let orphans = read_once(list_orphans);
    let named = use_query_map().read_untracked().get("id").and_then(|id| id.parse().ok());
    let asking =
        Asking { id: RwSignal::new(named), repairing: dialog_state("repair"), removing: dialog_state("remove") };
    let toasts = Toasts::of_page();
    let done = move |what: &'static str| {
        asking.repairing.set(false);
        asking.removing.set(false);
        toasts.done(what);
        orphans.again();
    };
    let list = while_read(skeleton::few, move || async move {
        let list = orphans.get().await?;
        Ok(if list.is_empty() {
            view! { <EmptyState heading="No orphans" text="Every agent of the database is where agents run, and nothing else of ours is there." /> }
        } else {
            view! { <OrphanTable list asking /> }
        })
    });
    let id = move || asking.id.get().map(|id| id.to_string());
    view! {
        <PageHeader title="Orphans" crumbs=vec![Crumb { text: "Settings".into(), href: "/settings".into() }]>
            <button type="button" class="button small ghost" on:click=move |_| orphans.again()>
                <Icon of=Drawing::Refresh />
                "Read again"
            </button>
        </PageHeader>
        <div class="page">
            <p class="quiet above-table">
                "What is left where agents run without an entry in the database, and agents of the database of which nothing is left there. The former are removed by themselves after a while."
            </p>
            {list}
        </div>
        <ConfirmDelete
            open=asking.repairing
            by={PhantomData::<fn(MendOrphan)>}
            done=move |()| done("The agent is being repaired.")
            label="Repair"
            class="button primary"
            question="Repair this agent?"
            consequence="What is only where agents run is given back to its owner, stopped and with its workspace. What is only in the database is made anew, with an empty workspace."
        >
            <input type="hidden" name="id" value=id />
            <input type="hidden" name="how" value="repair" />
        </ConfirmDelete>
        <ConfirmDelete
            open=asking.removing
            by={PhantomData::<fn(MendOrphan)>}
            done=move |()| done("The agent is being removed.")
            label="Remove"
            question="Remove what is left of this agent?"
            consequence="Its processes are ended, and its workspace and its entry are deleted, with everything that was not pushed."
        >
            <input type="hidden" name="id" value=id />
            <input type="hidden" name="how" value="remove" />
        </ConfirmDelete>
    }
}

#[component]
fn OrphanTable(list: Vec<Orphan>, asking: Asking) -> impl IntoView {
    let rows = list.into_iter().map(|orphan| view! { <OrphanRow orphan asking /> }).collect_view();
    view! {
        <table class="table" role="table" aria-label="Orphans">
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"Agent"</th>
                    <th role="columnheader" scope="col">"Owner"</th>
                    <th role="columnheader" scope="col">"Only"</th>
                    <th role="columnheader" scope="col">"Noticed"</th>
                    <th role="columnheader" scope="col">"Removed"</th>
                    <th role="columnheader" scope="col"><span class="visually-hidden">"Actions"</span></th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
}

#[component]
fn OrphanRow(orphan: Orphan, asking: Asking) -> impl IntoView {
    let Orphan { agent_id, kind, found, name, owner, since, removed_at, can_repair } = orphan;
    let side = match kind {
        OrphanKind::Ownerless => "where agents run",
        OrphanKind::Missing => "in the database",
    };
    let removed = match removed_at {
        Some(at) => view! { <Time at manner=Manner::Until /> },
        None => view! { <span class="quiet">"By hand"</span> },
    };
    let ask = move |open: RwSignal<bool>| {
        move |event: ev::MouseEvent| {
            event.prevent_default();
            asking.id.set(Some(agent_id));
            open.set(true);
        }
    };
    view! {
        <tr role="row">
            <td role="cell" class="cell-main" title=agent_id.to_string()>{name.unwrap_or_else(|| agent_id.to_string())}</td>
            <td role="cell" data-label="Owner">{owner.unwrap_or_else(|| "Nobody".to_owned())}</td>
            <td role="cell" data-label="Only">{side} <p class="reason">{found}</p></td>
            <td role="cell" data-label="Noticed"><Time at=since /></td>
            <td role="cell" data-label="Removed">{removed}</td>
            <td role="cell" class="cell-actions">
                <form method="get" class="actions">
                    <input type="hidden" name="id" value=agent_id.to_string() />
                    {can_repair.then(|| view! {
                        <button type="submit" class="button small" name="dialog" value="repair" aria-haspopup="dialog" on:click=ask(asking.repairing)>
                            "Repair"
                        </button>
                    })}
                    <button type="submit" class="button small ghost-danger" name="dialog" value="remove" aria-haspopup="dialog" on:click=ask(asking.removing)>
                        <Icon of=Drawing::Trash />
                        "Remove"
                    </button>
                </form>
            </td>
        </tr>
    }
}
