//! Every number that bounds a terminal session, with its unit and its reason. No behaviour.

use std::time::Duration;

/// How long a client may take from the upgrade to its hello.
pub const HELLO_DEADLINE: Duration = Duration::from_secs(10);
/// How long one attempt to attach to an agent's ttyd may take: dial, handshake and first frame.
pub const ATTACH_DEADLINE: Duration = Duration::from_secs(5);
/// How long attaching is tried again before the client is told that the terminal is unreachable.
pub const ATTACH_WINDOW: Duration = Duration::from_secs(10);
/// Pause before the second attempt to attach; it doubles with every further one.
pub const ATTACH_PAUSE: Duration = Duration::from_millis(250);
/// Longest pause between two attempts to attach.
pub const ATTACH_PAUSE_MAX: Duration = Duration::from_secs(2);
/// After this long without a loss, the next loss counts as the first.
pub const STABLE_AFTER: Duration = Duration::from_secs(5);
/// How often both legs are pinged. It survives throttled tabs and proxies that cut after 60 s.
pub const PING_EVERY: Duration = Duration::from_secs(20);
/// A leg that said nothing for this long is dead.
pub const DEAD_AFTER: Duration = Duration::from_secs(60);
/// How often the right to the terminal is checked again.
pub const RECHECK_EVERY: Duration = Duration::from_secs(60);
/// How long the closing handshake of a WebSocket may take.
pub const CLOSE_DEADLINE: Duration = Duration::from_secs(2);
/// A burst of output is gathered for this long, so that it becomes few frames.
pub const COALESCE_FOR: Duration = Duration::from_millis(4);
/// So many frames go at once in that time before output is held: an echo is one, and what a program redraws around it
/// some more.
pub const COALESCE_AT_ONCE: u32 = 4;
/// Held output of this many bytes is sent at once.
pub const COALESCE_MAX: usize = 16 * 1024;
/// Output in bytes that is held for a browser that does not read. When there is more, it is dropped and the agent's
/// terminal is attached anew once the browser reads again, which repaints the screen.
pub const HOLD_MAX: usize = 256 * 1024;
/// Typed bytes that are held for a ttyd that does not read. At the limit the browser is not read until there is room.
pub const INPUT_HOLD_MAX: usize = 64 * 1024;
/// Shortest time between two changes of the size: at most ten a second.
pub const RESIZE_EVERY: Duration = Duration::from_millis(100);
/// Read buffer of the browser's socket in bytes. tungstenite allocates it at once, 128 KiB unless told.
pub const BROWSER_READ_BUFFER: usize = 4 * 1024;
/// Write buffer of the browser's socket in bytes, which holds at most one frame beyond what the kernel took.
pub const BROWSER_WRITE_BUFFER: usize = 2 * 1024 * 1024;
/// Read buffer of ttyd's socket in bytes.
pub const TTYD_READ_BUFFER: usize = 16 * 1024;
/// Largest message from ttyd in bytes; it sends about 4 KiB at a time.
pub const TTYD_MESSAGE_MAX: usize = 1024 * 1024;

/// How many terminal sessions may be open at one time.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of one user.
    pub per_user: usize,
    /// Of everybody.
    pub total: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_user: 50, total: 1000 }
    }
}
