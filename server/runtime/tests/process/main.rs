//! The process runtime with real bubblewrap, tmux and ttyd. They are looked for like the server does, and then in the
//! cache of tools that `make setup` fills.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall stop")]

mod adoption;
mod faults;
mod lifecycle;
mod many;
mod sandbox;
mod secrets;
mod terminal;
mod viewer;
mod world;
