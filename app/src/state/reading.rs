//! What a page reads from the server before it is shown: once for every page, and again when what it is about changes.
//!
//! Every page reads something else, but what keeps a reading is the same for all of them: it is compiled once, for an
//! [`Answer`] whose inside only its reader knows. That is a large part of the WASM's size.

use std::{any::Any, convert::Infallible, fmt, future::Future, marker::PhantomData, pin::Pin, str::FromStr, sync::Arc};

use leptos::{prelude::*, server::codee::string::FromToStringCodec};
use serde::{Serialize, de::DeserializeOwned};

use crate::error::ApiError;

/// A future of any kind.
pub type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What the server answered: a value that was read here, or the JSON that came with the page.
#[derive(Clone)]
struct Answer {
    json: Arc<str>,
    value: Option<Arc<dyn Any + Send + Sync>>,
}

/// As it stands in the page.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.json)
    }
}

impl FromStr for Answer {
    type Err = Infallible;

    fn from_str(json: &str) -> Result<Self, Infallible> {
        Ok(Self { json: json.into(), value: None })
    }
}

impl Answer {
    fn of<T: Serialize + Send + Sync + 'static>(result: Result<T, ApiError>) -> Self {
        // Only the server writes it into a page.
        let json =
            if cfg!(feature = "ssr") { serde_json::to_string(&result).unwrap_or_default() } else { String::new() };
        Self { json: json.into(), value: Some(Arc::new(result)) }
    }

    fn into_result<T: DeserializeOwned + Clone + Send + Sync + 'static>(self) -> Result<T, ApiError> {
        let value = self.value.and_then(|value| value.downcast_ref::<Result<T, ApiError>>().cloned());
        value.unwrap_or_else(|| {
            serde_json::from_slice(self.json.as_bytes()).unwrap_or_else(|_| Err(ApiError::unreadable()))
        })
    }
}

/// Something that is read from the server.
pub struct Reading<T> {
    answer: Resource<Answer, FromToStringCodec>,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Reading<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Reading<T> {}

/// Reads with `fetch` now, and again whenever `about` gives another text.
pub fn read<T, F>(
    about: impl Fn() -> String + Send + Sync + 'static,
    fetch: impl Fn() -> F + Send + Sync + 'static,
) -> Reading<T>
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
    F: Future<Output = Result<T, ApiError>> + Send + 'static,
{
    let about: Box<dyn Fn() -> String + Send + Sync> = Box::new(about);
    let fetch: Box<dyn Fn(String) -> Boxed<Answer> + Send + Sync> = Box::new(move |_| {
        let result = untrack(&fetch);
        Box::pin(async move { Answer::of(result.await) })
    });
    Reading { answer: Resource::new_str(about, fetch), kind: PhantomData }
}

/// Reads once.
pub fn read_once<T, F>(fetch: impl Fn() -> F + Send + Sync + 'static) -> Reading<T>
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
    F: Future<Output = Result<T, ApiError>> + Send + 'static,
{
    read(String::new, fetch)
}

impl<T: DeserializeOwned + Clone + Send + Sync + 'static> Reading<T> {
    /// What was read.
    pub async fn get(self) -> Result<T, ApiError> {
        self.answer.await.into_result()
    }

    /// Reads again.
    pub fn again(self) {
        self.answer.refetch();
    }
}
