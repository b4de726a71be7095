//! Who one is, and the password.

use domain::{Invalid, Role, validate};
use leptos::prelude::*;

use crate::{
    api::auth::ChangePassword,
    components::{
        field::TextField,
        form::{Form, SubmitButton},
    },
    lean::view,
    state::{session, toasts::Toasts},
};

/// Who one is, and the password.
#[component]
pub fn Account() -> impl IntoView {
    let toasts = Toasts::of_page();
    // A form that has done its work is replaced by another: the same one would keep the passwords that were typed into it.
    let round = RwSignal::new(0_u32);
    let done = Callback::new(move |()| {
        toasts.done("The password is changed. Every other browser is signed out.");
        round.update(|round| *round += 1);
    });
    let user = session::current().user;
    let (name, role) = user.map_or((String::new(), ""), |user| {
        let role = match user.role {
            Role::Admin => "Admin: runs this installation",
            Role::Member => "Member",
        };
        (user.username, role)
    });
    let shown_name = name.clone();
    let form = move |_| {
        let name = name.clone();
        view! {
            <Form id="password" check=check done>
                // Password managers want to know whose password it is.
                <input type="text" autocomplete="username" value=name hidden />
                <TextField label="Current password" field="current_password" kind="password" autocomplete="current-password" />
                <TextField
                    label="New password"
                    field="new_password"
                    kind="password"
                    autocomplete="new-password"
                    hint="At least 8 characters. Every other browser is signed out."
                />
                <div class="form-actions start">
                    <SubmitButton label="Change password" class="button" />
                </div>
            </Form>
        }
    };
    view! {
        <dl class="facts-list">
            <dt>"Username"</dt>
            <dd>{shown_name}</dd>
            <dt>"Role"</dt>
            <dd>{role}</dd>
        </dl>
        <h3>"Change password"</h3>
        <For each=move || [round.get()] key=|round| *round children=form />
    }
}

fn check(input: &ChangePassword) -> Result<(), Invalid> {
    let mut checker = validate::Checker::default();
    let current = if input.current_password.is_empty() { Err("Enter your current password.".into()) } else { Ok(()) };
    checker.check("current_password", current);
    checker.check("new_password", validate::password(&input.new_password));
    checker.finish(())
}
