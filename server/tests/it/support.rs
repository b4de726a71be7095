//! What the tests are made of.

mod app;
mod cable;
mod client;
mod dice;
mod nginx;
mod program;
mod skipped;

pub use app::{Objects, PASSWORD, TestApp, eventually};
pub use cable::Cable;
pub use client::{Answer, Client};
pub use dice::Dice;
pub use nginx::nginx;
pub use program::{Program, Running};
pub use skipped::skipped;
