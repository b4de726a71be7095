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
/// How long ttyd may take to show that it took what was typed, before its leg is closed all the same. Shorter than the five seconds
/// that the next leg's attach.sh waits for its request.
pub const INPUT_DRAIN_DEADLINE: Duration = Duration::from_secs(2);
/// How long a leg stands after ttyd has taken what was typed: tmux reads it at once, unless the machine is overloaded.
pub const INPUT_LINGER: Duration = Duration::from_secs(1);
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
/// Output in bytes that is held for a browser that is behind or away. When there is more, it is dropped and the agent's
/// terminal is attached anew once the browser has caught up, which repaints the screen.
pub const HOLD_MAX: usize = 256 * 1024;
/// Output in bytes that may be under way to a browser, at first, at least and at most. With what is held, a session has at most
/// 512 KiB of output.
pub const WINDOW_FIRST: usize = 32 * 1024;
/// See [`WINDOW_FIRST`].
pub const WINDOW_MIN: usize = 8 * 1024;
/// See [`WINDOW_FIRST`].
pub const WINDOW_MAX: usize = 256 * 1024;
/// How much longer than the quickest round trip output may be under way; half of that round trip if it is longer. It stays below 250 ms
/// where a round trip takes up to 160 ms.
pub const QUEUE_FOR: Duration = Duration::from_millis(60);
/// For how long the quickest round trip is remembered.
pub const ROUND_TRIP_MEMORY: Duration = Duration::from_secs(30);
/// Largest frame of output in bytes, without its header.
pub const FRAME_MAX: usize = 16 * 1024;
/// Output is not cut into smaller frames than this only because the window has little room.
pub const FRAME_MIN: usize = 2 * 1024;
/// After Ctrl+C, output that waits is left out if the browser needs longer than this for it …
pub const INTERRUPT_BACKLOG: Duration = Duration::from_millis(100);
/// … and if it is more than this, in bytes.
pub const INTERRUPT_BACKLOG_MIN: usize = 8 * 1024;
/// How long after the last change of the size history and screen are laid out anew.
pub const RELAYOUT_AFTER: Duration = Duration::from_millis(300);
/// Lines of history that a viewer gets when it is attached; the same as xterm keeps in the page.
pub const HISTORY_LINES: u32 = 5000;
/// History in bytes that a viewer gets: as much as its line carries in [`HISTORY_TIME`], if that is known, but at least this, which is
/// [`HISTORY_LINES`] short ones …
pub const HISTORY_MIN: usize = 40 * 1024;
/// … and at most this.
pub const HISTORY_MAX: usize = 512 * 1024;
/// Lines of the history as a text file: all that tmux keeps (`history-limit` in `agent-image/tmux.conf`).
pub const HISTORY_TEXT_LINES: u32 = 10_000;
/// Largest history as a text file, in bytes: that many lines of the greatest width.
pub const HISTORY_TEXT_MAX: usize = 16 * 1024 * 1024;
/// How long reading the history as text may take.
pub const HISTORY_DEADLINE: Duration = Duration::from_secs(15);
/// How long a history may take to be sent.
pub const HISTORY_TIME: Duration = Duration::from_millis(400);
/// History in bytes that may wait for a browser before ttyd is not read any more.
pub const PRELUDE_HOLD: usize = 64 * 1024;
/// Output in bytes of one burst after which the history is fetched anew, whatever can be seen in it: tmux leaves lines out for a
/// viewer when it prints faster than it is read, but keeps them in its history.
pub const BURST: usize = 96 * 1024;
/// How long tmux may take for attaching, and for an answer to what it has asked: what it begins anew within this time says nothing.
pub const ATTACHED_AFTER: Duration = Duration::from_millis(500);
/// A burst is over when nothing came for so long.
pub const BURST_OVER: Duration = Duration::from_millis(250);
/// Shortest time between two times that the history is fetched for such a reason, so that one who reads back is not disturbed more
/// often.
pub const HISTORY_EVERY: Duration = Duration::from_secs(3);
/// [`BURST_OVER`] after Ctrl+C, when somebody waits for the end of it …
pub const INTERRUPTED_BURST_OVER: Duration = Duration::from_millis(40);
/// … and for how long after it.
pub const INTERRUPTED_FOR: Duration = Duration::from_secs(1);
/// How long an agent's attach.sh may be silent after it has greeted, while it is listened to. What it does takes milliseconds.
pub const GREETED_DEADLINE: Duration = Duration::from_secs(30);
/// How long an agent's attach.sh may be silent before it is taken for one that knows no requests.
pub const GREETING_WAIT: Duration = Duration::from_secs(10);
/// Frames in bytes that may wait for a browser before it is not read any more: more than the window, so that it is pongs
/// to a client that asks and does not read.
pub const BROWSER_BACKLOG_MAX: usize = 1024 * 1024;
/// How long the agent's terminal stays attached for a viewer whose connection was lost.
pub const KEEP_FOR: Duration = Duration::from_secs(60);
/// Longest pause in milliseconds that clients are told to make when the server goes down: it is a random part of it.
pub const DRAIN_SPREAD_MS: u32 = 2000;
/// Typed bytes that are held for a ttyd that does not read. At the limit the browser is not read until there is room.
pub const INPUT_HOLD_MAX: usize = 64 * 1024;
/// How long the acknowledgement of input waits for output that it can go along with. An echo comes sooner, and then it costs the
/// viewer no message of its own.
pub const INPUT_ACK_AFTER: Duration = Duration::from_millis(20);
/// Shortest time between two changes of the size: at most ten a second.
pub const RESIZE_EVERY: Duration = Duration::from_millis(100);
/// Read buffer of the browser's socket in bytes. tungstenite allocates it at once, 128 KiB unless told.
pub const BROWSER_READ_BUFFER: usize = 4 * 1024;
/// Frames that follow one another at once are written together, up to so many bytes.
pub const BROWSER_WRITE_TOGETHER: usize = 4 * 1024;
/// Write buffer of the browser's socket in bytes, which holds at most one frame beyond what the kernel took.
pub const BROWSER_WRITE_BUFFER: usize = 2 * 1024 * 1024;
/// Read buffer of ttyd's socket in bytes: two of its messages. Every terminal has one, also while nothing happens in it.
pub const TTYD_READ_BUFFER: usize = 8 * 1024;
/// Largest message from ttyd in bytes; it sends about 4 KiB at a time.
pub const TTYD_MESSAGE_MAX: usize = 1024 * 1024;

/// How many terminal sessions may be open at one time.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of one user.
    pub per_user: usize,
    /// Of everybody.
    pub total: usize,
    /// How long a session waits for a viewer whose connection was lost.
    pub keep_for: Duration,
    /// How often the right to the terminal is checked again.
    pub recheck_every: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_user: 50, total: 1000, keep_for: KEEP_FOR, recheck_every: RECHECK_EVERY }
    }
}
