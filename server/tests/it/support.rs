//! What the tests are made of.

mod app;
mod client;
mod program;

pub use app::{Objects, PASSWORD, TestApp, eventually};
pub use client::{Answer, Client};
pub use program::Program;
