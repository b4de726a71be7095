//! What pages share: who is signed in, what time it is, how things look, and what changes while one watches.

pub mod agents;
pub mod clock;
pub mod desktop;
pub mod live;
pub mod polling;
pub mod questions;
pub mod reading;
pub mod session;
pub mod tasks;
pub mod theme;
pub mod toasts;
