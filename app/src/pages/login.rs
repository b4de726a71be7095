//! Signing in.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::{
    api::auth::{SignIn, registration},
    components::{
        field::TextField,
        form::{Form, SubmitButton},
        load::when_read,
        page_title::PageTitle,
        sidebar::Logo,
        skeleton,
    },
    lean::view,
    state::reading::read_once,
};

/// Signing in.
#[component]
pub fn Login() -> impl IntoView {
    let registration = read_once(registration);
    let next = use_query_map().read_untracked().get("next").unwrap_or_default();
    leave_if_signed_in(&next);
    let invitation = when_read(skeleton::nothing, move || async move {
        let registration = registration.get().await?;
        #[cfg(feature = "ssr")]
        if registration.is_first {
            crate::api::context::show_instead("/register");
        }
        Ok(view! { {registration.is_open.then(|| view! { <Invitation /> })} })
    });
    view! {
        <Doorway title="Sign in">
            // Signing in answers with another page.
            <Form id="sign-in" check=check done=|()| {}>
                <input type="hidden" name="next" value=next />
                <TextField label="Username" field="username" autocomplete="username" autofocus=true />
                <TextField label="Password" field="password" kind="password" autocomplete="current-password" />
                <SubmitButton label="Sign in" class="button primary wide" />
            </Form>
            {invitation}
        </Doorway>
    }
}

#[component]
fn Invitation() -> impl IntoView {
    view! {
        <p class="doorway-foot">
            "New here? "
            <a href="/register">"Create an account"</a>
        </p>
    }
}

/// Whoever is signed in already goes on.
pub fn leave_if_signed_in(next: &str) {
    #[cfg(feature = "ssr")]
    {
        use crate::{api::context, local_path};
        if context::signed_in().is_some() {
            context::show_instead(local_path::checked(next).unwrap_or("/projects"));
        }
    }
    #[cfg(not(feature = "ssr"))]
    let _ = next;
}

fn check(input: &SignIn) -> Result<(), domain::Invalid> {
    let mut checker = domain::validate::Checker::default();
    checker
        .check("username", if input.username.trim().is_empty() { Err("Enter your username.".into()) } else { Ok(()) });
    checker.check("password", if input.password.is_empty() { Err("Enter your password.".into()) } else { Ok(()) });
    checker.finish(())
}

/// What stands around the form of somebody who is not signed in.
#[component]
pub fn Doorway(
    /// The heading.
    title: &'static str,
    /// The form.
    children: Children,
) -> impl IntoView {
    view! {
        <PageTitle text=title />
        <main class="doorway">
            <div class="doorway-card">
                <div class="doorway-brand"><Logo />"AiWorker"</div>
                <h1>{title}</h1>
                {children()}
            </div>
        </main>
    }
}
