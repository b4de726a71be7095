//! Where one is signed in.

use domain::{Session, SessionId};
use leptos::{ev, prelude::*, server_fn::ServerFn, task::spawn_local};

use crate::{
    api::sessions::{RevokeSession, list_sessions, revoke_session},
    components::{
        load::while_read,
        skeleton,
        time::{Manner, Time},
    },
    lean::view,
    state::{
        reading::{Reading, read_once},
        toasts::Toasts,
    },
};

/// Where one is signed in.
#[component]
pub fn Sessions() -> impl IntoView {
    let sessions = read_once(list_sessions);
    while_read(skeleton::few, move || async move {
        let list = sessions.get().await?;
        Ok(view! { <SessionTable list sessions /> })
    })
}

#[component]
fn SessionTable(list: Vec<Session>, sessions: Reading<Vec<Session>>) -> impl IntoView {
    let rows = list.into_iter().map(|session| view! { <SessionRow session sessions /> }).collect_view();
    view! {
        <table class="table" role="table" aria-label="Sessions">
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"Browser"</th>
                    <th role="columnheader" scope="col">"Address"</th>
                    <th role="columnheader" scope="col">"Last seen"</th>
                    <th role="columnheader" scope="col">"Ends"</th>
                    <th role="columnheader" scope="col"><span class="visually-hidden">"Actions"</span></th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
}

#[component]
fn SessionRow(session: Session, sessions: Reading<Vec<Session>>) -> impl IntoView {
    let Session { id, last_seen_at, expires_at, user_agent, address, current, .. } = session;
    let browser = browser_of(&user_agent);
    let end = if current {
        view! { <span class="quiet">"This browser"</span> }
    } else {
        view! { <Revoke id sessions /> }
    };
    view! {
        <tr role="row">
            <td role="cell" class="cell-main" title=user_agent>{browser}</td>
            <td role="cell" data-label="Address"><span class="code">{address}</span></td>
            <td role="cell" data-label="Last seen"><Time at=last_seen_at /></td>
            <td role="cell" data-label="Ends"><Time at=expires_at manner=Manner::Until /></td>
            <td role="cell" class="cell-actions">{end}</td>
        </tr>
    }
}

#[component]
fn Revoke(id: SessionId, sessions: Reading<Vec<Session>>) -> impl IntoView {
    let toasts = Toasts::of_page();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        spawn_local(async move {
            match revoke_session(id).await {
                Ok(()) => {
                    toasts.done("That browser is signed out.");
                    sessions.again();
                }
                Err(error) => toasts.failed(&error),
            }
        });
    };
    view! {
        <form method="post" action=RevokeSession::url() class="inline" on:submit=submit>
            <input type="hidden" name="id" value=id.to_string() />
            <button type="submit" class="button small">"Revoke"</button>
        </form>
    }
}

/// What people call their browser, from what it calls itself.
fn browser_of(user_agent: &str) -> String {
    // The order matters: most browsers also name the ones they descend from.
    let known = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    let browser = known(&[
        ("Firefox/", "Firefox"),
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = known(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ if user_agent.is_empty() => "Unknown".to_owned(),
        _ => user_agent.chars().take(40).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::browser_of;

    #[test]
    fn browsers_are_called_what_people_call_them() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36";
        assert_eq!(browser_of(chrome), "Chrome on Linux");
        assert_eq!(browser_of("curl/8.5.0"), "curl");
        assert_eq!(browser_of(""), "Unknown");
    }
}
