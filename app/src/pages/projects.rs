//! The screens of projects.

pub mod board;
pub mod list;
