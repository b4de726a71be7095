//! Making an account. On a new installation this is the first thing anybody sees.

use domain::{Invalid, validate};
use leptos::prelude::*;

use super::login::{Doorway, leave_if_signed_in};
use crate::{
    api::auth::{CreateAccount, Registration, registration},
    components::{
        field::TextField,
        form::{Form, SubmitButton},
    },
    lean::view,
};

/// Making an account.
#[component]
pub fn Register() -> impl IntoView {
    leave_if_signed_in("");
    let registration = Resource::new_blocking(|| (), |()| registration());
    let action = ServerAction::<CreateAccount>::new();
    view! {
        <Doorway title="Create account">
            <Suspense>
                {move || Suspend::new(async move {
                    match registration.await {
                        Ok(Registration { is_first: true, .. }) => view! {
                            <p class="doorway-lead">"Welcome. The first account runs this installation."</p>
                            <RegisterForm action />
                        }.into_any(),
                        Ok(Registration { is_open: true, .. }) => view! { <RegisterForm action /> <Instead /> }.into_any(),
                        Ok(_) => view! {
                            <p class="doorway-lead">"New accounts cannot be made here. Ask the person who runs this server."</p>
                            <Instead />
                        }.into_any(),
                        Err(error) => view! { <p class="form-error" role="alert">{error.message}</p> }.into_any(),
                    }
                })}
            </Suspense>
        </Doorway>
    }
}

#[component]
fn Instead() -> impl IntoView {
    view! { <p class="doorway-foot">"Have an account? " <a href="/login">"Sign in instead"</a></p> }
}

#[component]
fn RegisterForm(action: ServerAction<CreateAccount>) -> impl IntoView {
    view! {
        <Form id="register" action check=check>
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
