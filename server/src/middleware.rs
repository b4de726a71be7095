//! What happens to every request before and after its handler, in one place. The order is in `router`.

pub mod authenticate;
pub mod body_limit;
pub mod client;
pub mod origin_check;
pub mod request_id;
pub mod request_log;
pub mod security_headers;
pub mod timeout;
