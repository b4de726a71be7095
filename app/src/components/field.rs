//! Fields of a [`Form`](super::form::Form): a label, what one types, a hint, and what is wrong with it.

use leptos::prelude::*;

use super::form::FormState;

use crate::{escape, lean::view};

/// What every kind of field has: its ids and its complaint.
#[derive(Clone)]
struct Parts {
    id: String,
    hint_id: String,
    error_id: String,
    complaint: Signal<Option<String>>,
    has_hint: bool,
}

impl Parts {
    fn new(field: &'static str, has_hint: bool) -> Self {
        let form = expect_context::<FormState>();
        let id = form.id_of(field);
        Self {
            hint_id: format!("{id}-hint"),
            error_id: format!("{id}-error"),
            complaint: form.complaint(field),
            has_hint,
            id,
        }
    }

    /// Which elements describe the field now.
    fn described_by(&self) -> impl Fn() -> Option<String> + Clone + Send + Sync + 'static {
        let Self { hint_id, error_id, complaint, has_hint, .. } = self.clone();
        move || {
            let hint = has_hint.then(|| hint_id.clone());
            let error = complaint.with(Option::is_some).then(|| error_id.clone());
            let ids: Vec<_> = [error, hint].into_iter().flatten().collect();
            (!ids.is_empty()).then(|| ids.join(" "))
        }
    }

    fn is_invalid(&self) -> impl Fn() -> Option<&'static str> + Clone + Send + Sync + 'static {
        let complaint = self.complaint;
        move || complaint.with(Option::is_some).then_some("true")
    }
}

/// The label above, and the hint and the complaint below.
#[component]
fn Around(parts: Parts, label: &'static str, hint: &'static str, children: Children) -> impl IntoView {
    let Parts { id, hint_id, error_id, complaint, .. } = parts;
    let message = move || complaint.get().map(|message| view! { <span>{message}</span> });
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {children()}
            <p class="field-error" id=error_id>{message}</p>
            {(!hint.is_empty()).then(|| view! { <p class="field-hint" id=hint_id>{hint}</p> })}
        </div>
    }
}

/// One line of text.
#[component]
pub fn TextField(
    /// Its label.
    label: &'static str,
    /// The field's name in the API.
    field: &'static str,
    /// Its name in the form; the API's unless said.
    #[prop(optional, into)]
    name: Option<String>,
    /// What is in it at first.
    #[prop(optional, into)]
    value: String,
    /// What it is good for, or what it may hold.
    #[prop(default = "")]
    hint: &'static str,
    /// What stands in it while it is empty.
    #[prop(optional, into)]
    placeholder: Signal<String>,
    /// The input's type.
    #[prop(default = "text")]
    kind: &'static str,
    /// What browsers may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Whether it has the focus at first.
    #[prop(default = false)]
    autofocus: bool,
    /// Whether it holds code.
    #[prop(default = false)]
    is_code: bool,
) -> impl IntoView {
    let parts = Parts::new(field, !hint.is_empty());
    let (described_by, is_invalid) = (parts.described_by(), parts.is_invalid());
    let id = parts.id.clone();
    view! {
        <Around parts label hint>
            <input
                id=id
                class="input"
                class:code=is_code
                type=kind
                name=name.unwrap_or_else(|| field.to_owned())
                value=value
                placeholder=move || Some(placeholder.get()).filter(|text| !text.is_empty())
                autocomplete=autocomplete
                autocapitalize="off"
                spellcheck=if is_code || kind == "password" { "false" } else { "true" }
                autofocus=autofocus
                aria-invalid=is_invalid
                aria-describedby=described_by
            />
        </Around>
    }
}

/// Many lines of text.
#[component]
pub fn TextArea(
    /// Its label.
    label: &'static str,
    /// The field's name in the API.
    field: &'static str,
    /// Its name in the form.
    #[prop(into)]
    name: String,
    /// What is in it.
    value: RwSignal<String>,
    /// What it is good for, or what it may hold.
    #[prop(default = "")]
    hint: &'static str,
    /// How many lines it shows.
    #[prop(default = 8)]
    rows: u32,
) -> impl IntoView {
    let parts = Parts::new(field, !hint.is_empty());
    let (described_by, is_invalid) = (parts.described_by(), parts.is_invalid());
    let id = parts.id.clone();
    let content = escape::textarea(&value.get_untracked());
    view! {
        <Around parts label hint>
            <textarea
                id=id
                class="input"
                name=name
                rows=rows
                aria-invalid=is_invalid
                aria-describedby=described_by
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
                inner_html=content
            ></textarea>
        </Around>
    }
}

/// One of several.
#[component]
pub fn Choice(
    /// Its label.
    label: &'static str,
    /// The field's name in the API.
    field: &'static str,
    /// Its name in the form.
    #[prop(into)]
    name: String,
    /// What there is to choose from: values and what people read.
    options: Vec<(String, String)>,
    /// The value that is chosen.
    chosen: RwSignal<String>,
    /// What it is good for.
    #[prop(default = "")]
    hint: &'static str,
) -> impl IntoView {
    let parts = Parts::new(field, !hint.is_empty());
    let (described_by, is_invalid) = (parts.described_by(), parts.is_invalid());
    let id = parts.id.clone();
    let first = chosen.get_untracked();
    let option = |(value, text): (String, String)| {
        let is_chosen = value == first;
        view! { <option value=value selected=is_chosen>{text}</option> }
    };
    let options = options.into_iter().map(option).collect_view();
    view! {
        <Around parts label hint>
            <select
                id=id
                class="input select"
                name=name
                aria-invalid=is_invalid
                aria-describedby=described_by
                on:change=move |event| chosen.set(event_target_value(&event))
            >
                {options}
            </select>
        </Around>
    }
}
