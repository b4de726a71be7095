//! How arguments travel to server functions: as the fields of a form, so that a form without scripts can send them, too. A field
//! that does not fit is named in the answer, where it can be marked.

use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType, codec::Post};
use serde::{Serialize, de::DeserializeOwned};

use crate::error::ApiError;

/// The encoding of every server function's arguments.
pub type Fields = Post<FormUrlEncoded>;

/// `application/x-www-form-urlencoded`, with brackets for what is nested.
pub struct FormUrlEncoded;

impl ContentType for FormUrlEncoded {
    const CONTENT_TYPE: &'static str = "application/x-www-form-urlencoded";
}

impl FormatType for FormUrlEncoded {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for FormUrlEncoded {
    type Error = serde_qs::Error;

    fn encode(arguments: &T) -> Result<Bytes, Self::Error> {
        serde_qs::to_string(arguments).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for FormUrlEncoded {
    type Error = Misfit;

    fn decode(body: Bytes) -> Result<T, Misfit> {
        read(&body)
    }
}

/// What does not fit, as it goes through `server_fn`, which keeps errors as text: written by [`Display`](std::fmt::Display), read by
/// [`Misfit::read`].
#[derive(Debug)]
pub struct Misfit(ApiError);

impl Misfit {
    /// What [`Misfit`] wrote; none for any other text.
    pub fn read(text: &str) -> Option<ApiError> {
        serde_json::from_str(text).ok()
    }
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).unwrap_or_default())
    }
}

/// Deeper than any form is.
const MAX_DEPTH: usize = 5;

#[cfg(feature = "ssr")]
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Misfit> {
    // Browsers write brackets as `%5B`.
    let config = serde_qs::Config::new(MAX_DEPTH, false);
    let fields = serde_qs::Deserializer::with_config(&config, body).map_err(|error| misfit("", &error))?;
    serde_path_to_error::deserialize(fields).map_err(|error| misfit(&error.path().to_string(), error.inner()))
}

/// The forms call their one structured argument `input`, which is no word for people.
#[cfg(feature = "ssr")]
fn misfit(path: &str, error: &serde_qs::Error) -> Misfit {
    use domain::{ErrorCode, FieldError};

    let field = path.strip_prefix("input.").unwrap_or(path).trim_end_matches(['.', '?']);
    // Of something that is missing the path is what it is missing in.
    if field.is_empty() || field == "input" || error.to_string().starts_with("missing field") {
        let message = format!("The form does not have the expected fields: {error}. Reload the page and try again.");
        return Misfit(ApiError::new(ErrorCode::InvalidJson, message));
    }
    let complaint = FieldError { field: field.to_owned(), message: format!("This does not fit: {error}.") };
    let message = format!("The form does not fit at `{field}`: {error}.");
    Misfit(ApiError { fields: vec![complaint], ..ApiError::new(ErrorCode::InvalidJson, message) })
}

/// Only servers read forms; what the browser reads is small.
#[cfg(not(feature = "ssr"))]
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Misfit> {
    let read = serde_qs::Config::new(MAX_DEPTH, false).deserialize_bytes(body);
    read.map_err(|_| Misfit(ApiError::unreadable()))
}
