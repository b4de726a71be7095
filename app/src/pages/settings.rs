//! Settings: the account, how things look, what is told, where one is signed in, tokens, and what agents run in.

use domain::Role;
use leptos::prelude::*;

use crate::{
    components::{page_header::PageHeader, theme_switch::ThemeSwitch},
    lean::view,
    state::session,
};

mod account;
mod credentials;
mod delete_account;
mod notifications;
pub mod orphans;
mod runtime;
mod sessions;
mod tokens;
pub mod users;

/// Settings.
#[component]
pub fn Settings() -> impl IntoView {
    let is_admin = session::current().user.is_some_and(|user| user.role == Role::Admin);
    view! {
        <PageHeader title="Settings" />
        <div class="page settings">
            <Section id="account" heading="Account"><account::Account /></Section>
            <Section id="appearance" heading="Appearance"><ThemeSwitch /></Section>
            <Section id="notifications" heading="Notifications"><notifications::Notifications /></Section>
            <Section id="sessions" heading="Sessions"><sessions::Sessions /></Section>
            <Section id="tokens" heading="Personal tokens"><tokens::Tokens /></Section>
            <Section id="credentials" heading="Credentials for agents"><credentials::Credentials /></Section>
            <Section id="runtime" heading="Runtime"><runtime::Runtime /></Section>
            {is_admin.then(|| view! {
                <Section id="installation" heading="Installation">
                    <p class="quiet"><a href="/settings/users">"Users"</a> ": every account, and what is in it."</p>
                    <p class="quiet"><a href="/settings/orphans">"Orphans"</a> ": what is left of agents without an entry, and the other way round."</p>
                </Section>
            })}
            <Section id="end" heading="Delete account"><delete_account::DeleteAccount /></Section>
        </div>
    }
}

#[component]
fn Section(id: &'static str, heading: &'static str, children: Children) -> impl IntoView {
    view! {
        <section class="setting" aria-labelledby=id>
            <h2 id=id>{heading}</h2>
            <div class="setting-body">{children()}</div>
        </section>
    }
}
