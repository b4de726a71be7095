//! Server functions, a module per area. Each takes the services and the caller from its context, makes one service
//! call and returns a domain type; it holds no rule of its own.

#[cfg(feature = "ssr")]
pub mod context;
