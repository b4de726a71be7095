//! The wire format between a browser and the terminal gateway; `docs/terminal-protocol.md` describes it for people.
//!
//! One binary WebSocket message is one frame: a type byte, then its payload; integers are little-endian. The rare frames
//! carry JSON, so that they can gain members; the frequent ones are numbers and bytes.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

mod client;
mod end;
mod kept;
mod server;

pub use client::{ClientFrame, Hello, Mode, Resume};
pub use end::{End, EndCode};
pub use kept::{KeptTerminal, KeptText, tail};
pub use server::{OUTPUT, OUTPUT_HEADER, Reset, ResetReason, ServerFrame, Status, Welcome, encode_output};

/// The WebSocket subprotocol. Its last part is the version.
pub const SUBPROTOCOL: &str = "aiworker.terminal.v2";
/// The version before: a page that was loaded before the server was updated speaks it, and is told to reload.
pub const SUBPROTOCOL_BEFORE: &str = "aiworker.terminal.v1";
/// Largest frame a client may send, in bytes; longer pastes are cut into several.
pub const CLIENT_FRAME_MAX: usize = 64 * 1024;
/// Bytes of input that a client puts into one frame.
pub const INPUT_CHUNK: usize = 16 * 1024;
/// Output bytes after which a client acknowledges even though it has more to parse.
pub const ACK_EVERY: usize = 16 * 1024;
/// Widths a terminal may have.
pub const COLUMNS: std::ops::RangeInclusive<u16> = 10..=500;
/// Heights a terminal may have.
pub const ROWS: std::ops::RangeInclusive<u16> = 3..=200;

/// A size of a terminal that tmux and ttyd can live with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
}

impl Size {
    /// The nearest size that is allowed. ttyd checks nothing and wraps at 16 bits, so every size goes through here.
    pub fn clamped(cols: i64, rows: i64) -> Self {
        let clamp = |value: i64, range: &std::ops::RangeInclusive<u16>| {
            let value = value.clamp(i64::from(*range.start()), i64::from(*range.end()));
            u16::try_from(value).unwrap_or(*range.start())
        };
        Self { cols: clamp(cols, &COLUMNS), rows: clamp(rows, &ROWS) }
    }
}

/// Bytes that are not a frame of this protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A message without a single byte.
    #[error("the frame is empty")]
    Empty,
    /// No frame has this type byte.
    #[error("unknown frame type 0x{0:02x}")]
    UnknownType(u8),
    /// The payload ends too early.
    #[error("the payload of frame 0x{0:02x} is too short")]
    Short(u8),
    /// The payload is not the JSON it should be.
    #[error("the payload of frame 0x{0:02x} is not the expected JSON")]
    Json(u8),
    /// The frame is larger than [`CLIENT_FRAME_MAX`].
    #[error("the frame is larger than {CLIENT_FRAME_MAX} bytes")]
    TooLarge,
}

fn split_number<const N: usize>(kind: u8, payload: &[u8]) -> Result<([u8; N], &[u8]), DecodeError> {
    let (head, rest) = payload.split_first_chunk::<N>().ok_or(DecodeError::Short(kind))?;
    Ok((*head, rest))
}

fn decode_json<T: DeserializeOwned>(kind: u8, payload: &[u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(payload).map_err(|_| DecodeError::Json(kind))
}

fn encode_parts(kind: u8, number: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(1 + number.len() + bytes.len());
    frame.push(kind);
    frame.extend_from_slice(number);
    frame.extend_from_slice(bytes);
    frame
}

fn encode_json<T: Serialize>(kind: u8, value: &T) -> Vec<u8> {
    let mut frame = vec![kind];
    frame.extend(serde_json::to_vec(value).unwrap_or_default());
    frame
}

#[cfg(test)]
mod tests;
