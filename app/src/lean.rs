//! Views of one type, without what this dashboard never needs of them.
//!
//! Leptos asks every view twice before it writes it: once, and again when everything that was read has come, whether there
//! is something to wait for inside. Each time lists and conditions make their content anew, and it is thrown away. Here
//! only [`when_read`](crate::components::load::when_read) waits, and what it shows waits by itself; so a [`Lean`] view
//! has nothing to wait for, and is made once. That is more than half of the time that a long list takes.
//!
//! In the browser, Leptos compiles an asynchronous hydration for every view that is boxed, which is a seventh of the WASM.
//! The code of a page is there before the page is taken over, so a [`Lean`] view hydrates synchronously whoever asks, and
//! that code is not made. Boxing every `view!` also keeps the types of pages from growing with their depth.

use leptos::prelude::*;
use leptos::tachys::{
    html::attribute::{Attribute, any_attribute::AnyAttribute},
    hydration::Cursor,
    ssr::StreamBuilder,
    view::{Position, PositionState, add_attr::AddAnyAttr},
};

/// Like `leptos::view!`, and boxed.
macro_rules! view {
    ($($tokens:tt)*) => {
        $crate::lean::lean(::leptos::view! { $($tokens)* })
    };
}
pub(crate) use view;

/// Boxes a view, without what it never needs.
pub fn lean<V: RenderHtml + Send + 'static>(view: V) -> AnyView {
    Lean(view).into_any()
}

/// A view that has nothing to wait for.
struct Lean<V>(V);

impl<V: Render> Render for Lean<V> {
    type State = V::State;

    fn build(self) -> Self::State {
        self.0.build()
    }

    fn rebuild(self, state: &mut Self::State) {
        self.0.rebuild(state);
    }
}

impl<V: RenderHtml> AddAnyAttr for Lean<V> {
    type Output<SomeNewAttr: Attribute> = Lean<V::Output<SomeNewAttr>>;

    fn add_any_attr<NewAttr: Attribute>(self, attr: NewAttr) -> Self::Output<NewAttr>
    where
        Self::Output<NewAttr>: RenderHtml,
    {
        Lean(self.0.add_any_attr(attr))
    }
}

impl<V: RenderHtml + Send> RenderHtml for Lean<V> {
    type AsyncOutput = Self;
    type Owned = Lean<V::Owned>;

    const MIN_LENGTH: usize = V::MIN_LENGTH;
    const EXISTS: bool = V::EXISTS;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self::AsyncOutput {
        self
    }

    fn html_len(&self) -> usize {
        self.0.html_len()
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        self.0.to_html_with_buf(buf, position, escape, mark_branches, extra_attrs);
    }

    fn to_html_async_with_buf<const OUT_OF_ORDER: bool>(
        self,
        buf: &mut StreamBuilder,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        self.0.to_html_async_with_buf::<OUT_OF_ORDER>(buf, position, escape, mark_branches, extra_attrs);
    }

    // Both of the ways to hydrate come here; inlined, each would bring a copy of the view.
    #[inline(never)]
    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Self::State {
        self.0.hydrate::<FROM_SERVER>(cursor, position)
    }

    // The provided `hydrate_async` calls `hydrate`.

    fn into_owned(self) -> Self::Owned {
        Lean(self.0.into_owned())
    }
}
