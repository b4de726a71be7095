//! Views of one type, without the code that only lazily loaded routes need.
//!
//! Leptos compiles an asynchronous hydration for every view that is boxed, which is a seventh of the WASM, and
//! [`hydrate_body`](leptos::mount::hydrate_body) never calls it. [`Lean`] hydrates a view synchronously whoever asks, so
//! that code is not made. Boxing every `view!` also keeps the types of pages from growing with their depth.

use leptos::prelude::*;
#[cfg(feature = "hydrate")]
use leptos::tachys::{
    html::attribute::{Attribute, any_attribute::AnyAttribute},
    hydration::Cursor,
    view::{Position, PositionState, add_attr::AddAnyAttr},
};

/// Like `leptos::view!`, and boxed.
macro_rules! view {
    ($($tokens:tt)*) => {
        $crate::lean::lean(::leptos::view! { $($tokens)* })
    };
}
pub(crate) use view;

/// Boxes a view.
#[cfg(not(feature = "hydrate"))]
pub fn lean<V: RenderHtml + Send + 'static>(view: V) -> AnyView {
    view.into_any()
}

/// Boxes a view, without its asynchronous hydration.
#[cfg(feature = "hydrate")]
pub fn lean<V: RenderHtml + Send + 'static>(view: V) -> AnyView {
    Lean(view).into_any()
}

/// A view that hydrates synchronously whoever asks.
#[cfg(feature = "hydrate")]
struct Lean<V>(V);

#[cfg(feature = "hydrate")]
impl<V: Render> Render for Lean<V> {
    type State = V::State;

    fn build(self) -> Self::State {
        self.0.build()
    }

    fn rebuild(self, state: &mut Self::State) {
        self.0.rebuild(state);
    }
}

#[cfg(feature = "hydrate")]
impl<V: RenderHtml> AddAnyAttr for Lean<V> {
    type Output<SomeNewAttr: Attribute> = Lean<V::Output<SomeNewAttr>>;

    fn add_any_attr<NewAttr: Attribute>(self, attr: NewAttr) -> Self::Output<NewAttr>
    where
        Self::Output<NewAttr>: RenderHtml,
    {
        Lean(self.0.add_any_attr(attr))
    }
}

#[cfg(feature = "hydrate")]
impl<V: RenderHtml> RenderHtml for Lean<V> {
    type AsyncOutput = V::AsyncOutput;
    type Owned = Lean<V::Owned>;

    const MIN_LENGTH: usize = V::MIN_LENGTH;
    const EXISTS: bool = V::EXISTS;

    fn dry_resolve(&mut self) {
        self.0.dry_resolve();
    }

    async fn resolve(self) -> Self::AsyncOutput {
        self.0.resolve().await
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

    // Both of the ways to hydrate come here; inlined, each would bring a copy of the view.
    #[inline(never)]
    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Self::State {
        self.0.hydrate::<FROM_SERVER>(cursor, position)
    }

    // The provided `hydrate_async` calls `hydrate`: that is the point of this type.

    fn into_owned(self) -> Self::Owned {
        Lean(self.0.into_owned())
    }
}
