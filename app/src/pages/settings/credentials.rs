//! Credentials that agents get as files. They can be replaced and forgotten, and never read again.

use domain::{Credential, CredentialKind};
use leptos::{ev, prelude::*, server_fn::ServerFn, task::spawn_local};

use crate::{
    api::credentials::{DeleteCredential, SetCredential, delete_credential, list_credentials},
    components::{
        field::{Choice, TextField},
        form::{Form, SubmitButton},
        load::while_read,
        skeleton,
        time::Time,
    },
    lean::view,
    state::{
        reading::{Reading, read_once},
        toasts::Toasts,
    },
};

/// Credentials of agents.
#[component]
pub fn Credentials() -> impl IntoView {
    let known = read_once(list_credentials);
    let toasts = Toasts::of_page();
    // A form that has done its work is replaced by another: the same one would keep what was typed into it, the secret.
    let round = RwSignal::new(0_u32);
    let done = Callback::new(move |_: Credential| {
        toasts.done("It is kept. Agents get it when they start the next time.");
        round.update(|round| *round += 1);
        known.again();
    });
    let list = while_read(skeleton::few, move || async move {
        let items = known.get().await?;
        let items = items.into_iter().map(|credential| view! { <Line credential known /> }).collect_view();
        Ok(view! { <ul class="plain">{items}</ul> })
    });
    let kinds: Vec<_> =
        CredentialKind::ALL.into_iter().map(|kind| (kind.as_str().to_owned(), kind.label().to_owned())).collect();
    let form = move |_| {
        let (kinds, chosen) = (kinds.clone(), RwSignal::new(CredentialKind::ModelKey.as_str().to_owned()));
        view! {
            <Form id="credential" check=check done>
                <Choice label="What it opens" field="kind" name="kind" options=kinds chosen />
                <TextField label="Secret" field="secret" kind="password" autocomplete="off" />
                <div class="form-actions start">
                    <SubmitButton label="Keep" class="button" />
                </div>
            </Form>
        }
    };
    view! {
        <p class="quiet">"Your agents get these as files. They are kept sealed and cannot be read here again."</p>
        {list}
        <For each=move || [round.get()] key=|round| *round children=form />
    }
}

fn check(input: &SetCredential) -> Result<(), domain::Invalid> {
    domain::credential::validate(input.secret.trim())
}

#[component]
fn Line(credential: Credential, known: Reading<Vec<Credential>>) -> impl IntoView {
    let toasts = Toasts::of_page();
    let kind = credential.kind;
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        spawn_local(async move {
            match delete_credential(kind).await {
                Ok(()) => known.again(),
                Err(error) => toasts.failed(&error),
            }
        });
    };
    view! {
        <li>
            <strong>{kind.label()}</strong>
            " ends in " <code>{credential.last_four}</code>
            <span class="quiet">", given " <Time at=credential.updated_at /> " "</span>
            <form method="post" action=DeleteCredential::url() class="inline" on:submit=submit>
                <input type="hidden" name="kind" value=kind.as_str() />
                <button type="submit" class="button small ghost-danger">"Forget"</button>
            </form>
        </li>
    }
}
