//! Asks before something is deleted, or done that cannot be undone.

use std::marker::PhantomData;

use domain::Invalid;
use leptos::{prelude::*, server_fn::ServerFn};
use serde::de::DeserializeOwned;

use super::{
    dialog::Dialog,
    form::{Form, SubmitButton},
};
use crate::{error::ApiError, lean::view};

/// A dialog that deletes when its button is pressed.
#[component]
pub fn ConfirmDelete<S>(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// What to do once it is deleted.
    #[prop(into)]
    done: Callback<S::Output>,
    /// The server function that deletes.
    by: PhantomData<fn(S)>,
    /// What will be deleted, as a question.
    #[prop(into)]
    question: Signal<String>,
    /// What will be gone.
    #[prop(into)]
    consequence: Signal<String>,
    /// What its button says, and the one that opened it.
    #[prop(default = "Delete")]
    label: &'static str,
    /// How its button looks.
    #[prop(default = "button danger")]
    class: &'static str,
    /// The hidden fields that say which object.
    children: ChildrenFn,
) -> impl IntoView
where
    S: ServerFn<Error = ApiError> + DeserializeOwned + Send + 'static,
    S::Output: Send + Sync + 'static,
{
    let PhantomData = by;
    let children = StoredValue::new(children);
    view! {
        <Dialog open label heading=question class="dialog-small">
            <Form id="delete" check={nothing_to_check::<S>} done>
                {children.with_value(|children| children())}
                <p>{move || consequence.get()}</p>
                <div class="form-actions">
                    <button type="button" class="button" autofocus on:click=move |_| open.set(false)>"Cancel"</button>
                    <SubmitButton label class />
                </div>
            </Form>
        </Dialog>
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a form asks for a check that may fail")]
fn nothing_to_check<S>(_: &S) -> Result<(), Invalid> {
    Ok(())
}
