//! What a browser says to the terminal gateway.

use serde::{Deserialize, Serialize};

use super::{CLIENT_FRAME_MAX, DecodeError, Size, decode_json, encode_json, encode_parts, split_number};

/// Whether a viewer may type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It types, and its size counts.
    #[default]
    Drive,
    /// It looks: what it types is ignored and its size changes nothing.
    Watch,
}

/// Where a client wants to go on after it lost its connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// The session, as the last welcome named it.
    pub session: String,
    /// The last epoch.
    pub epoch: u32,
    /// Output bytes of that epoch that came.
    pub seq: u64,
}

/// The first frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "RawHello")]
pub struct Hello {
    /// The viewer's size.
    #[serde(flatten)]
    pub size: Size,
    /// Whether it will type.
    pub mode: Mode,
    /// Where to go on, if this is not the first connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
}

/// A frame from the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientFrame {
    /// `05`, the first frame: `{"cols":80,"rows":24}`, and the members of [`Hello`]. Unknown members are ignored.
    Hello(Hello),
    /// `01`: `u32` number of this frame, then typed bytes.
    Input {
        /// Counts the input frames of this session from 0.
        seq: u32,
        /// What was typed.
        bytes: Vec<u8>,
    },
    /// `02`: `{"cols":80,"rows":24}`.
    Resize(Size),
    /// `03`: `u32` epoch, then `u64` output bytes of it that were parsed.
    Ack {
        /// The epoch that is counted in.
        epoch: u32,
        /// Output bytes of the epoch that the terminal has parsed.
        seq: u64,
    },
    /// `04`: `u32` that comes back in a pong.
    Ping(u32),
}

const INPUT: u8 = 0x01;
const RESIZE: u8 = 0x02;
const ACK: u8 = 0x03;
const PING: u8 = 0x04;
const HELLO: u8 = 0x05;

/// Sizes as they come from outside: any number.
#[derive(Deserialize)]
struct RawSize {
    cols: i64,
    rows: i64,
}

#[derive(Deserialize)]
struct RawHello {
    cols: i64,
    rows: i64,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    resume: Option<Resume>,
}

impl From<RawHello> for Hello {
    fn from(RawHello { cols, rows, mode, resume }: RawHello) -> Self {
        Self { size: Size::clamped(cols, rows), mode, resume }
    }
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
            RESIZE => decode_json(kind, payload).map(|RawSize { cols, rows }| Self::Resize(Size::clamped(cols, rows))),
            ACK => {
                let (epoch, rest) = split_number(kind, payload)?;
                let (seq, _) = split_number(kind, rest)?;
                Ok(Self::Ack { epoch: u32::from_le_bytes(epoch), seq: u64::from_le_bytes(seq) })
            }
            PING => split_number(kind, payload).map(|(number, _)| Self::Ping(u32::from_le_bytes(number))),
            HELLO => decode_json(kind, payload).map(Self::Hello),
            other => Err(DecodeError::UnknownType(other)),
        }
    }

    /// Writes a frame for the server.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Hello(hello) => encode_json(HELLO, hello),
            Self::Input { seq, bytes } => encode_parts(INPUT, &seq.to_le_bytes(), bytes),
            Self::Resize(size) => encode_json(RESIZE, size),
            Self::Ack { epoch, seq } => encode_parts(ACK, &epoch.to_le_bytes(), &seq.to_le_bytes()),
            Self::Ping(number) => encode_parts(PING, &number.to_le_bytes(), &[]),
        }
    }
}
