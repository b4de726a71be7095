//! Personal tokens: what programs sign in with.

use domain::{Token, TokenId};
use leptos::{ev, html, prelude::*, server_fn::ServerFn, task::spawn_local};
use wasm_bindgen::JsCast as _;

use crate::{
    api::tokens::{CreateToken, NewSecret, RevokeToken, list_tokens, revoke_token},
    components::{
        dialog::{Dialog, DialogButton, dialog_state},
        field::TextField,
        form::{Form, SubmitButton},
        icon::{Drawing, Icon},
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

/// Personal tokens.
#[component]
pub fn Tokens() -> impl IntoView {
    let tokens = read_once(list_tokens);
    let open = dialog_state("new-token");
    let created = RwSignal::new(None::<NewSecret>);
    let done = move |secret: NewSecret| {
        created.set(Some(secret));
        open.set(false);
        tokens.again();
    };
    let table = while_read(skeleton::few, move || async move {
        let list = tokens.get().await?;
        Ok(if list.is_empty() {
            skeleton::nothing()
        } else {
            view! { <TokenTable list tokens /> }
        })
    });
    view! {
        <p class="quiet">"A token signs a program in as you, over the JSON API: " <code>"Authorization: Bearer …"</code></p>
        {move || created.get().map(|secret| view! { <Secret secret created /> })}
        {table}
        <DialogButton id="new-token" path="/settings" open>
            <Icon of=Drawing::Plus />
            "New token"
        </DialogButton>
        <Dialog open label="New token">
            <noscript>
                <p class="form-error">"New tokens need JavaScript: a token is shown once, on this page."</p>
            </noscript>
            <Form id="token" check=|create: &CreateToken| create.input.clone().validate().map(drop) done>
                <TextField label="Token name" field="name" name="input[name]" hint="What it is for." autofocus=true />
                <TextField
                    label="Works for (days)"
                    field="expires_in_days"
                    name="input[expires_in_days]"
                    value="90"
                    kind="number"
                />
                <div class="form-actions">
                    <SubmitButton label="Create token" />
                </div>
            </Form>
        </Dialog>
    }
}

/// The secret of a new token, shown this once.
#[component]
fn Secret(secret: NewSecret, created: RwSignal<Option<NewSecret>>) -> impl IntoView {
    let NewSecret { name, secret } = secret;
    let shown = NodeRef::<html::Code>::new();
    let toasts = Toasts::of_page();
    let copy = move |_| {
        if shown.get_untracked().is_some_and(|code| copy_text_of(&code)) {
            toasts.done("Copied.");
        } else {
            toasts.refused("The browser does not copy it. Select it and copy it yourself.");
        }
    };
    view! {
        <div class="secret" role="status">
            <p>
                <strong>{format!("The token “{name}” is made.")}</strong>
                " Copy it now: it is not shown again."
            </p>
            <div class="secret-line">
                <code class="code" node_ref=shown>{secret}</code>
                <button type="button" class="button small" on:click=copy>
                    <Icon of=Drawing::Copy />
                    "Copy"
                </button>
                <button type="button" class="button small ghost" on:click=move |_| created.set(None)>"Done"</button>
            </div>
        </div>
    }
}

/// Selects what an element shows and copies it. That works without HTTPS, unlike the clipboard's own interface.
fn copy_text_of(element: &web_sys::Node) -> bool {
    let selected = window().get_selection().ok().flatten().is_some_and(|at| at.select_all_children(element).is_ok());
    selected && document().unchecked_into::<web_sys::HtmlDocument>().exec_command("copy") == Ok(true)
}

#[component]
fn TokenTable(list: Vec<Token>, tokens: Reading<Vec<Token>>) -> impl IntoView {
    let rows = list.into_iter().map(|token| view! { <TokenRow token tokens /> }).collect_view();
    view! {
        <table class="table" role="table" aria-label="Tokens">
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"Name"</th>
                    <th role="columnheader" scope="col">"Ends with"</th>
                    <th role="columnheader" scope="col">"Last used"</th>
                    <th role="columnheader" scope="col">"Expires"</th>
                    <th role="columnheader" scope="col"><span class="visually-hidden">"Actions"</span></th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
}

#[component]
fn TokenRow(token: Token, tokens: Reading<Vec<Token>>) -> impl IntoView {
    let Token { id, name, last_four, last_used_at, expires_at, .. } = token;
    let used = last_used_at.map_or_else(|| view! { <span class="quiet">"Never"</span> }, |at| view! { <Time at /> });
    view! {
        <tr role="row">
            <td role="cell" class="cell-main">{name}</td>
            <td role="cell" data-label="Ends with"><span class="code">{last_four}</span></td>
            <td role="cell" data-label="Last used">{used}</td>
            <td role="cell" data-label="Expires"><Time at=expires_at manner=Manner::Until /></td>
            <td role="cell" class="cell-actions"><Revoke id tokens /></td>
        </tr>
    }
}

#[component]
fn Revoke(id: TokenId, tokens: Reading<Vec<Token>>) -> impl IntoView {
    let toasts = Toasts::of_page();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        spawn_local(async move {
            match revoke_token(id).await {
                Ok(()) => {
                    toasts.done("The token is revoked.");
                    tokens.again();
                }
                Err(error) => toasts.failed(&error),
            }
        });
    };
    view! {
        <form method="post" action=RevokeToken::url() class="inline" on:submit=submit>
            <input type="hidden" name="id" value=id.to_string() />
            <button type="submit" class="button small">"Revoke"</button>
        </form>
    }
}
