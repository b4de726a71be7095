//! Where one is signed in.

use domain::{Session, SessionId};
use leptos::{ev, prelude::*, server_fn::ServerFn};

use crate::{
    api::sessions::{RevokeSession, list_sessions},
    components::{load::LoadError, skeleton::TableSkeleton, time::Time},
    lean::view,
    state::toasts::Toasts,
};

/// Where one is signed in.
#[component]
pub fn Sessions() -> impl IntoView {
    let revoke = ServerAction::<RevokeSession>::new();
    let sessions = Resource::new(move || revoke.version().get(), |_| list_sessions());
    let toasts = Toasts::of_page();
    Effect::new(move || match revoke.value().get() {
        Some(Ok(())) => toasts.done("That browser is signed out."),
        Some(Err(error)) => toasts.failed(&error),
        None => {}
    });
    view! {
        <Transition fallback=|| view! { <TableSkeleton rows=2 /> }>
            {move || Suspend::new(async move {
                match sessions.await {
                    Ok(sessions) => view! { <SessionTable sessions revoke /> }.into_any(),
                    Err(error) => view! { <LoadError error /> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn SessionTable(sessions: Vec<Session>, revoke: ServerAction<RevokeSession>) -> impl IntoView {
    let rows = sessions.into_iter().map(|session| view! { <SessionRow session revoke /> }).collect_view();
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
fn SessionRow(session: Session, revoke: ServerAction<RevokeSession>) -> impl IntoView {
    let Session { id, last_seen_at, expires_at, user_agent, address, current, .. } = session;
    let browser = browser_of(&user_agent);
    let end = if current {
        view! { <span class="quiet">"This browser"</span> }.into_any()
    } else {
        view! { <Revoke id revoke /> }.into_any()
    };
    view! {
        <tr role="row">
            <td role="cell" class="cell-main" title=user_agent>{browser}</td>
            <td role="cell" data-label="Address"><span class="code">{address}</span></td>
            <td role="cell" data-label="Last seen"><Time at=last_seen_at /></td>
            <td role="cell" data-label="Ends"><Time at=expires_at manner=crate::components::time::Manner::Until /></td>
            <td role="cell" class="cell-actions">{end}</td>
        </tr>
    }
}

#[component]
fn Revoke(id: SessionId, revoke: ServerAction<RevokeSession>) -> impl IntoView {
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        revoke.dispatch(RevokeSession { id });
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
