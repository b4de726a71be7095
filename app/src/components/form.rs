//! A form that posts to a server function: by itself before the WASM is there, and checked in the browser first
//! afterwards, by the same rules.

use domain::{ErrorCode, Invalid};
use leptos::{
    ev,
    form::FromFormData,
    html,
    prelude::*,
    server::ServerActionError,
    server_fn::{ServerFn, error::ServerFnUrlError},
    task::spawn_local,
};
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast as _;

use crate::{error::ApiError, lean::view, state::toasts};

/// What the fields of a form want to know of it.
#[derive(Clone, Copy)]
pub struct FormState {
    /// Makes the ids of its fields unique in the page.
    pub id: StoredValue<String>,
    /// What is wrong, if anything.
    pub error: Signal<Option<ApiError>>,
    /// Whether the server has not answered yet.
    pub pending: Signal<bool>,
}

impl FormState {
    /// The complaint about `field`.
    pub fn complaint(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || self.error.with(|error| error.as_ref().and_then(|error| error.message_of(field))))
    }

    /// The id of the element that edits `field`.
    pub fn id_of(self, field: &str) -> String {
        format!("{}-{}", self.id.get_value(), field.replace(['.', '['], "-").replace(']', ""))
    }
}

/// A form for a server function.
#[component]
pub fn Form<S>(
    /// Makes the ids of its fields unique in the page.
    #[prop(into)]
    id: String,
    /// What the browser checks before it asks the server.
    check: fn(&S) -> Result<(), Invalid>,
    /// What to do with the answer.
    #[prop(into)]
    done: Callback<S::Output>,
    /// Its fields and buttons.
    children: Children,
) -> impl IntoView
where
    S: ServerFn<Error = ApiError> + DeserializeOwned + Send + 'static,
    S::Output: Send + Sync + 'static,
{
    let node = NodeRef::<html::Form>::new();
    let error = RwSignal::new(error_of_plain_form(S::PATH));
    let pending = RwSignal::new(false);
    provide_context(FormState { id: StoredValue::new(id), error: error.into(), pending: pending.into() });
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        match read_and_check(&event, check) {
            Ok(_) if pending.get_untracked() => {}
            Ok(input) => {
                pending.set(true);
                error.set(None);
                spawn_local(async move { settle(input.run_on_client().await, pending, error, done) });
            }
            Err(complaint) => error.set(Some(complaint)),
        }
    };
    Effect::new(move || {
        if error.with(Option::is_some) {
            focus_first_complaint(node);
        }
    });
    view! {
        <form node_ref=node class="form" method="post" action=S::url() novalidate on:submit=submit>
            <FormError />
            {children()}
        </form>
    }
}

/// What the server said to this form when it was sent before the WASM was there.
fn error_of_plain_form(path: &str) -> Option<ApiError> {
    let error = use_context::<ServerActionError>().filter(|error| error.path() == path)?;
    Some(ServerFnUrlError::<ApiError>::decode_err(error.err()))
}

/// The form may be gone when the answer comes.
fn settle<T: Send + Sync + 'static>(
    answer: Result<T, ApiError>,
    pending: RwSignal<bool>,
    error: RwSignal<Option<ApiError>>,
    done: Callback<T>,
) {
    pending.try_set(false);
    match answer {
        Ok(value) => {
            done.try_run(value);
        }
        Err(refusal) if refusal.code == ErrorCode::Unauthorized => toasts::sign_in_again(),
        Err(refusal) => {
            error.try_set(Some(refusal));
        }
    }
}

fn read_and_check<S: FromFormData>(
    event: &ev::SubmitEvent,
    check: fn(&S) -> Result<(), Invalid>,
) -> Result<S, ApiError> {
    let input = S::from_event(event)
        .map_err(|_| ApiError::new(ErrorCode::Invalid, "A number is missing or has other characters in it."))?;
    check(&input)?;
    Ok(input)
}

/// Leads whoever typed to the first field that needs them, once it is marked.
fn focus_first_complaint(node: NodeRef<html::Form>) {
    request_animation_frame(move || {
        let marked = node.get_untracked().and_then(|form| form.query_selector("[aria-invalid=true]").ok().flatten());
        if let Some(element) = marked.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
            // It fails for an element that has left the page only.
            let _ = element.focus();
        }
    });
}

/// What is wrong with the whole form; what is wrong with a field stands there.
#[component]
fn FormError() -> impl IntoView {
    let form = expect_context::<FormState>();
    let message = move || form.error.get().filter(|error| error.fields.is_empty()).map(|error| error.message);
    view! {
        <div role="alert" class="form-error-slot">
            {move || message().map(|message| view! { <p class="form-error">{message}</p> })}
        </div>
    }
}

/// The button that sends the form.
#[component]
pub fn SubmitButton(
    /// What is on it.
    label: &'static str,
    /// How it looks.
    #[prop(default = "button primary")]
    class: &'static str,
) -> impl IntoView {
    let pending = expect_context::<FormState>().pending;
    view! {
        <button type="submit" class=class aria-busy=move || pending.get().then_some("true")>
            {label}
        </button>
    }
}
