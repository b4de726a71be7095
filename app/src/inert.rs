//! Elements that only show something, written as HTML text. Such an element costs one text where a tree of views costs several
//! allocations for each element and each attribute, which is most of what a long list costs the server.
//!
//! Whoever writes one escapes what people and agents wrote (see [`escape`](crate::escape)).

use leptos::tachys::{
    html::attribute::{Attribute, any_attribute::AnyAttribute},
    hydration::Cursor,
    renderer::{
        CastFrom as _,
        types::{Element, Node},
    },
    view::{Mountable, Position, PositionState, Render, RenderHtml, add_attr::AddAnyAttr},
};
use leptos::{prelude::document, wasm_bindgen::JsCast as _};
use web_sys::{HtmlElement, HtmlTemplateElement};

/// One element, written as HTML. Another text makes another element; one that has the focus hands it on.
pub struct Inert(String);

/// One element, written as HTML.
pub const fn inert(html: String) -> Inert {
    Inert(html)
}

/// An element on the page, and what it was made of.
pub struct InertState {
    html: String,
    element: Element,
}

impl Inert {
    fn element(&self) -> Element {
        let holder = document().create_element("template").ok();
        let template = holder.as_ref().and_then(|holder| holder.dyn_ref::<HtmlTemplateElement>());
        let element = template.and_then(|template| {
            template.set_inner_html(&self.0);
            template.content().first_element_child()
        });
        element.unwrap_or_else(|| leptos::tachys::renderer::Rndr::create_element("span", None))
    }
}

impl Render for Inert {
    type State = InertState;

    fn build(self) -> InertState {
        InertState { element: self.element(), html: self.0 }
    }

    fn rebuild(self, state: &mut InertState) {
        if self.0 == state.html {
            return;
        }
        let had_focus = document().active_element().is_some_and(|active| active == state.element);
        let mut element = self.element();
        state.element.insert_before_this(&mut element);
        state.element.unmount();
        if had_focus && let Some(element) = element.dyn_ref::<HtmlElement>() {
            // It fails for what cannot have the focus only.
            let _ = element.focus();
        }
        *state = InertState { element, html: self.0 };
    }
}

impl Mountable for InertState {
    fn unmount(&mut self) {
        self.element.unmount();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
        self.element.mount(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.element.insert_before_this(child)
    }

    fn elements(&self) -> Vec<Element> {
        vec![self.element.clone()]
    }
}

impl AddAnyAttr for Inert {
    type Output<SomeNewAttr: Attribute> = Self;

    /// Nothing is added: its attributes are in its text.
    fn add_any_attr<NewAttr: Attribute>(self, _: NewAttr) -> Self::Output<NewAttr>
    where
        Self::Output<NewAttr>: RenderHtml,
    {
        self
    }
}

impl RenderHtml for Inert {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }

    fn html_len(&self) -> usize {
        self.0.len()
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        _escape: bool,
        _mark_branches: bool,
        _extra_attrs: Vec<AnyAttribute>,
    ) {
        buf.push_str(&self.0);
        *position = Position::NextChild;
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> InertState {
        match position.get() {
            Position::FirstChild => cursor.child(),
            Position::Current => {}
            _ => cursor.sibling(),
        }
        let element = Element::cast_from(cursor.current()).unwrap_or_else(|| self.element());
        position.set(Position::NextChild);
        InertState { element, html: self.0 }
    }

    fn into_owned(self) -> Self {
        self
    }
}
