//! The wire format between a browser and the terminal gateway; `docs/terminal-protocol.md` describes it for people.
//!
//! One binary WebSocket message is one frame: a type byte, then its payload; integers are little-endian. The rare frames
//! carry JSON, so that they can gain members; the frequent ones carry sequence numbers from the first version on.

use serde::{Deserialize, Serialize};

/// The WebSocket subprotocol. Its last part is the version.
pub const SUBPROTOCOL: &str = "aiworker.terminal.v1";
/// Largest frame a client may send, in bytes; longer pastes are cut into several.
pub const CLIENT_FRAME_MAX: usize = 64 * 1024;
/// Bytes of input that a client puts into one frame.
pub const INPUT_CHUNK: usize = 16 * 1024;
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

/// A frame from the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientFrame {
    /// `05`, the first frame: `{"cols":80,"rows":24}`. Unknown members are ignored.
    Hello(Size),
    /// `01`: `u32` number of this frame, then typed bytes.
    Input {
        /// Counts the input frames of this connection from 0.
        seq: u32,
        /// What was typed.
        bytes: Vec<u8>,
    },
    /// `02`: `{"cols":80,"rows":24}`.
    Resize(Size),
    /// `04`: `u32` that comes back in a pong.
    Ping(u32),
}

/// A frame from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerFrame {
    /// `81`: `u64` number of output bytes since the last welcome, then terminal output.
    Output {
        /// Output bytes between the last welcome and this frame.
        seq: u64,
        /// What the terminal prints.
        bytes: Vec<u8>,
    },
    /// `82`: the answer to hello. Clear the screen: history and the screen follow as output.
    Welcome(Welcome),
    /// `84`: the number of a ping.
    Pong(u32),
    /// `87`: the last word, before the socket is closed: `{"code":"stopped","message":"…","retry":false}`.
    End(End),
}

/// The answer to hello. Members may be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The size in force.
    pub size: Size,
}

/// Why a terminal session is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// A stable code.
    pub code: EndCode,
    /// A sentence for the person.
    pub message: String,
    /// Whether connecting again can help.
    pub retry: bool,
}

/// Why a terminal session is over, as a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndCode {
    /// The client broke the protocol.
    Protocol,
    /// The session is not signed in, or no longer.
    Unauthorized,
    /// There is no such agent for this user.
    NotFound,
    /// The agent does not run.
    NotRunning,
    /// Too many terminal sessions are open.
    Limit,
    /// The agent's terminal does not answer.
    Unreachable,
    /// The server is going down; connect again.
    Draining,
}

impl EndCode {
    /// The WebSocket close code; 4000 to 4999 are for applications (RFC 6455, section 7.4.2).
    pub const fn close_code(self) -> u16 {
        match self {
            Self::Protocol => 4400,
            Self::Unauthorized => 4401,
            Self::NotFound => 4404,
            Self::NotRunning => 4409,
            Self::Limit => 4429,
            Self::Unreachable => 4503,
            Self::Draining => 1012,
        }
    }

    /// Whether connecting again by itself can help.
    pub const fn retry(self) -> bool {
        matches!(self, Self::Unreachable | Self::Draining)
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

const INPUT: u8 = 0x01;
const RESIZE: u8 = 0x02;
const PING: u8 = 0x04;
const HELLO: u8 = 0x05;
/// The type byte of [`ServerFrame::Output`]: clients look at it before they copy a payload.
pub const OUTPUT: u8 = 0x81;
/// Bytes before the payload of [`ServerFrame::Output`].
pub const OUTPUT_HEADER: usize = 9;
const WELCOME: u8 = 0x82;
const PONG: u8 = 0x84;
const END: u8 = 0x87;

/// Sizes as they come from outside: any number.
#[derive(Serialize, Deserialize)]
struct RawSize {
    cols: i64,
    rows: i64,
}

fn decode_size(kind: u8, payload: &[u8]) -> Result<Size, DecodeError> {
    let RawSize { cols, rows } = serde_json::from_slice(payload).map_err(|_| DecodeError::Json(kind))?;
    Ok(Size::clamped(cols, rows))
}

fn split_number<const N: usize>(kind: u8, payload: &[u8]) -> Result<([u8; N], &[u8]), DecodeError> {
    let (head, rest) = payload.split_first_chunk::<N>().ok_or(DecodeError::Short(kind))?;
    Ok((*head, rest))
}

impl ClientFrame {
    /// Reads a frame from a browser.
    pub fn decode(frame: &[u8]) -> Result<Self, DecodeError> {
        if frame.len() > CLIENT_FRAME_MAX {
            return Err(DecodeError::TooLarge);
        }
        let (&kind, payload) = frame.split_first().ok_or(DecodeError::Empty)?;
        match kind {
            INPUT => {
                let (seq, bytes) = split_number(kind, payload)?;
                Ok(Self::Input { seq: u32::from_le_bytes(seq), bytes: bytes.to_vec() })
            }
            RESIZE => decode_size(kind, payload).map(Self::Resize),
            PING => split_number(kind, payload).map(|(number, _)| Self::Ping(u32::from_le_bytes(number))),
            HELLO => decode_size(kind, payload).map(Self::Hello),
            other => Err(DecodeError::UnknownType(other)),
        }
    }

    /// Writes a frame for the server.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Hello(size) => encode_json(HELLO, size),
            Self::Input { seq, bytes } => encode_parts(INPUT, &seq.to_le_bytes(), bytes),
            Self::Resize(size) => encode_json(RESIZE, size),
            Self::Ping(number) => encode_parts(PING, &number.to_le_bytes(), &[]),
        }
    }
}

impl ServerFrame {
    /// Reads a frame from the server.
    pub fn decode(frame: &[u8]) -> Result<Self, DecodeError> {
        let (&kind, payload) = frame.split_first().ok_or(DecodeError::Empty)?;
        match kind {
            OUTPUT => {
                let (seq, bytes) = split_number(kind, payload)?;
                Ok(Self::Output { seq: u64::from_le_bytes(seq), bytes: bytes.to_vec() })
            }
            WELCOME => serde_json::from_slice(payload).map(Self::Welcome).map_err(|_| DecodeError::Json(kind)),
            PONG => split_number(kind, payload).map(|(number, _)| Self::Pong(u32::from_le_bytes(number))),
            END => serde_json::from_slice(payload).map(Self::End).map_err(|_| DecodeError::Json(kind)),
            other => Err(DecodeError::UnknownType(other)),
        }
    }

    /// Writes a frame for a browser.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Output { seq, bytes } => encode_output(*seq, bytes),
            Self::Welcome(welcome) => encode_json(WELCOME, welcome),
            Self::Pong(number) => encode_parts(PONG, &number.to_le_bytes(), &[]),
            Self::End(end) => encode_json(END, end),
        }
    }
}

/// Writes an output frame without owning its bytes first.
pub fn encode_output(seq: u64, bytes: &[u8]) -> Vec<u8> {
    encode_parts(OUTPUT, &seq.to_le_bytes(), bytes)
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_clamped_whatever_is_asked() {
        for (asked, given) in
            [((0, 0), (10, 3)), ((-5, -5), (10, 3)), ((70_000, 70_000), (500, 200)), ((120, 40), (120, 40))]
        {
            let frame = format!("\u{5}{{\"cols\":{},\"rows\":{}}}", asked.0, asked.1);
            let size = Size { cols: given.0, rows: given.1 };
            assert_eq!(ClientFrame::decode(frame.as_bytes()), Ok(ClientFrame::Hello(size)));
        }
    }

    #[test]
    fn broken_frames_say_what_is_wrong() {
        assert_eq!(ClientFrame::decode(b""), Err(DecodeError::Empty));
        assert_eq!(ClientFrame::decode(&[0x7f]), Err(DecodeError::UnknownType(0x7f)));
        assert_eq!(ClientFrame::decode(&[INPUT, 1, 2]), Err(DecodeError::Short(INPUT)));
        assert_eq!(ClientFrame::decode(b"\x05{}"), Err(DecodeError::Json(HELLO)));
        assert_eq!(ClientFrame::decode(&vec![INPUT; CLIENT_FRAME_MAX + 1]), Err(DecodeError::TooLarge));
    }

    proptest! {
        #[test]
        fn client_frames_survive_the_wire(seq: u32, bytes: Vec<u8>, cols in 10_u16..=500, rows in 3_u16..=200) {
            let size = Size { cols, rows };
            for frame in [
                ClientFrame::Hello(size), ClientFrame::Resize(size), ClientFrame::Ping(seq), ClientFrame::Input { seq, bytes },
            ] {
                prop_assert_eq!(ClientFrame::decode(&frame.encode()), Ok(frame));
            }
        }

        #[test]
        fn server_frames_survive_the_wire(seq: u64, number: u32, bytes: Vec<u8>, message: String) {
            for frame in [
                ServerFrame::Output { seq, bytes }, ServerFrame::Pong(number),
                ServerFrame::End(End { code: EndCode::NotRunning, message, retry: false }),
            ] {
                prop_assert_eq!(ServerFrame::decode(&frame.encode()), Ok(frame));
            }
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes: Vec<u8>) {
            let _ = ClientFrame::decode(&bytes);
            let _ = ServerFrame::decode(&bytes);
        }
    }
}
