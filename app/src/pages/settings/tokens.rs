//! Personal tokens: what programs sign in with.

use domain::{Token, TokenCreated, TokenId};
use leptos::{ev, prelude::*, server_fn::ServerFn};

use crate::{
    api::tokens::{CreateToken, RevokeToken, list_tokens},
    components::{
        dialog::{Dialog, DialogButton, dialog_state},
        field::TextField,
        form::{Form, SubmitButton},
        icon::{Drawing, Icon},
        load::LoadError,
        skeleton::TableSkeleton,
        time::{Manner, Time},
    },
    lean::view,
    state::toasts::Toasts,
};

/// Personal tokens.
#[component]
pub fn Tokens() -> impl IntoView {
    let (create, revoke) = (ServerAction::<CreateToken>::new(), ServerAction::<RevokeToken>::new());
    let tokens = Resource::new(move || (create.version().get(), revoke.version().get()), |_| list_tokens());
    let open = dialog_state("new-token");
    let toasts = Toasts::of_page();
    let created = RwSignal::new(None::<TokenCreated>);
    Effect::new(move || {
        if let Some(Ok(token)) = create.value().get() {
            created.set(Some(token));
            open.set(false);
        }
    });
    Effect::new(move || match revoke.value().get() {
        Some(Ok(())) => toasts.done("The token is revoked."),
        Some(Err(error)) => toasts.failed(&error),
        None => {}
    });
    view! {
        <p class="quiet">"A token signs a program in as you, over the JSON API: " <code>"Authorization: Bearer …"</code></p>
        {move || created.get().map(|token| view! { <Secret token created /> })}
        <Transition fallback=|| view! { <TableSkeleton rows=2 /> }>
            {move || Suspend::new(async move {
                match tokens.await {
                    Ok(tokens) if tokens.is_empty() => ().into_any(),
                    Ok(tokens) => view! { <TokenTable tokens revoke /> }.into_any(),
                    Err(error) => view! { <LoadError error /> }.into_any(),
                }
            })}
        </Transition>
        <DialogButton id="new-token" path="/settings" open>
            <Icon of=Drawing::Plus />
            "New token"
        </DialogButton>
        <Dialog open label="New token">
            <Form id="token" action=create check=|create: &CreateToken| create.input.clone().validate().map(drop)>
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
fn Secret(token: TokenCreated, created: RwSignal<Option<TokenCreated>>) -> impl IntoView {
    let secret = StoredValue::new(token.secret.clone());
    let toasts = Toasts::of_page();
    let copy = move |_| {
        // The browser may refuse, and then the text can still be selected.
        let _ = window().navigator().clipboard().write_text(&secret.get_value());
        toasts.done("Copied.");
    };
    view! {
        <div class="secret" role="status">
            <p>
                <strong>{format!("The token “{}” is made.", token.token.name)}</strong>
                " Copy it now: it is not shown again."
            </p>
            <div class="secret-line">
                <code class="code">{token.secret}</code>
                <button type="button" class="button small" on:click=copy>
                    <Icon of=Drawing::Copy />
                    "Copy"
                </button>
                <button type="button" class="button small ghost" on:click=move |_| created.set(None)>"Done"</button>
            </div>
        </div>
    }
}

#[component]
fn TokenTable(tokens: Vec<Token>, revoke: ServerAction<RevokeToken>) -> impl IntoView {
    let rows = tokens.into_iter().map(|token| view! { <TokenRow token revoke /> }).collect_view();
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
fn TokenRow(token: Token, revoke: ServerAction<RevokeToken>) -> impl IntoView {
    let Token { id, name, last_four, last_used_at, expires_at, .. } = token;
    let used = last_used_at
        .map_or_else(|| view! { <span class="quiet">"Never"</span> }.into_any(), |at| view! { <Time at /> }.into_any());
    view! {
        <tr role="row">
            <td role="cell" class="cell-main">{name}</td>
            <td role="cell" data-label="Ends with"><span class="code">{last_four}</span></td>
            <td role="cell" data-label="Last used">{used}</td>
            <td role="cell" data-label="Expires"><Time at=expires_at manner=Manner::Until /></td>
            <td role="cell" class="cell-actions"><Revoke id revoke /></td>
        </tr>
    }
}

#[component]
fn Revoke(id: TokenId, revoke: ServerAction<RevokeToken>) -> impl IntoView {
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        revoke.dispatch(RevokeToken { id });
    };
    view! {
        <form method="post" action=RevokeToken::url() class="inline" on:submit=submit>
            <input type="hidden" name="id" value=id.to_string() />
            <button type="submit" class="button small">"Revoke"</button>
        </form>
    }
}
