//! One file per screen.

pub mod agents;
pub mod home;
pub mod login;
pub mod not_found;
pub mod projects;
pub mod questions;
pub mod register;
pub mod settings;
pub mod tasks;
