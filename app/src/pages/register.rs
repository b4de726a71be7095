//! Making an account. On a new installation this is the first thing anybody sees.

use domain::{Invalid, validate};
use leptos::prelude::*;

use super::login::{Doorway, leave_if_signed_in};
use crate::{
    api::auth::{CreateAccount, Registration, registration},
    components::{
        field::TextField,
        form::{Form, SubmitButton},
        load::when_read,
        skeleton,
    },
    lean::view,
    state::reading::read_once,
};

/// Making an account.
#[component]
pub fn Register() -> impl IntoView {
    leave_if_signed_in("");
    let registration = read_once(registration);
    let form = when_read(skeleton::few, move || async move {
        Ok(match registration.get().await? {
            Registration { is_first: true, .. } => view! {
                <p class="doorway-lead">"Welcome. The first account runs this installation."</p>
                <RegisterForm />
            },
            Registration { is_open: true, .. } => view! {
                <RegisterForm />
                <Instead />
            },
            Registration { .. } => view! {
                <p class="doorway-lead">"New accounts cannot be made here. Ask the person who runs this server."</p>
                <Instead />
            },
        })
    });
    view! { <Doorway title="Create account">{form}</Doorway> }
}

#[component]
fn Instead() -> impl IntoView {
    view! { <p class="doorway-foot">"Have an account? " <a href="/login">"Sign in instead"</a></p> }
}

#[component]
fn RegisterForm() -> impl IntoView {
    view! {
        // Signing in answers with another page.
        <Form id="register" check=check done=|()| {}>
            <TextField label="Username" field="username" autocomplete="username" autofocus=true />
            <TextField
                label="Password"
                field="password"
                kind="password"
                autocomplete="new-password"
                hint="At least 8 characters. Any will do."
            />
            <SubmitButton label="Create account" class="button primary wide" />
        </Form>
    }
}

fn check(input: &CreateAccount) -> Result<(), Invalid> {
    let mut checker = validate::Checker::default();
    checker.check("username", validate::username(&input.username));
    checker.check("password", validate::password(&input.password));
    checker.finish(())
}
