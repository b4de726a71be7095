//! What pages are made of.

pub mod terminal;
