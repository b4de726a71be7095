//! The screens of tasks.

pub mod detail;
