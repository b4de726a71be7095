//! The screens of agents.

pub mod detail;
pub mod list;
pub mod terminal;
pub mod wall;
