//! The end of one's own account. It asks for the password, because nothing of it comes back.

use domain::Invalid;
use leptos::prelude::*;

use crate::{
    api::auth::DeleteAccount as DeleteOwnAccount,
    components::{
        dialog::{Dialog, DialogButton, dialog_state},
        field::TextField,
        form::{Form, SubmitButton},
        icon::{Drawing, Icon},
    },
    lean::view,
    state::session,
};

/// The end of one's own account.
#[component]
pub fn DeleteAccount() -> impl IntoView {
    let open = dialog_state("delete-account");
    let name = session::current().user.map(|user| user.username).unwrap_or_default();
    let heading = format!("Delete the account {name}?");
    let name = StoredValue::new(name);
    view! {
        <p class="quiet">"Your agents are ended, and their workspaces, your projects, tasks, credentials and tokens are deleted."</p>
        <DialogButton id="delete-account" path="/settings" open class="button ghost-danger">
            <Icon of=Drawing::Trash />
            "Delete account"
        </DialogButton>
        <Dialog open label="Delete account" heading class="dialog-small">
            // The answer leads to the sign-in page.
            <Form id="delete-account" check=check done=|()| {}>
                <p>
                    "Your agents are ended, whatever they are doing. Their workspaces are deleted with everything that was not pushed, and so are your projects, tasks, questions, credentials and tokens. You are signed out everywhere. This cannot be undone."
                </p>
                // Password managers want to know whose password it is.
                <input type="text" autocomplete="username" value=name.get_value() hidden />
                <TextField label="Your password" field="password" kind="password" autocomplete="current-password" autofocus=true />
                <div class="form-actions">
                    <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
                    <SubmitButton label="Delete account" class="button danger" />
                </div>
            </Form>
        </Dialog>
    }
}

fn check(input: &DeleteOwnAccount) -> Result<(), Invalid> {
    if input.password.is_empty() { Err(Invalid::field("password", "Enter your password.")) } else { Ok(()) }
}
