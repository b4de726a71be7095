//! Making an account. On a new installation this is the first thing anybody sees.

use domain::{Invalid, validate};
use leptos::prelude::*;

use super::login::Doorway;
use crate::{
    api::auth::{CreateAccount, registration_open},
    components::{
        field::TextField,
        form::{Form, SubmitButton},
    },
};

/// Making an account.
#[component]
pub fn Register() -> impl IntoView {
    let registration = Resource::new_blocking(|| (), |()| registration_open());
    let action = ServerAction::<CreateAccount>::new();
    view! {
        <Doorway title="Create account">
            <Suspense>
                {move || Suspend::new(async move {
                    if registration.await.unwrap_or(false) {
                        view! { <RegisterForm action /> }.into_any()
                    } else {
                        view! { <p>"New accounts cannot be made here. Ask the person who runs this server."</p> }.into_any()
                    }
                })}
            </Suspense>
            <p class="doorway-foot">"Have an account? " <a href="/login">"Sign in instead"</a></p>
        </Doorway>
    }
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
