//! What the terminal gateway says to a browser.

use serde::{Deserialize, Serialize};

use super::{DecodeError, End, Mode, Size, decode_json, encode_json, encode_parts, split_number};

/// A frame from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerFrame {
    /// `81`: `u64` number of output bytes since the epoch began, then terminal output.
    Output {
        /// Output bytes of the epoch before this frame.
        seq: u64,
        /// What the terminal prints.
        bytes: Vec<u8>,
    },
    /// `82`: the answer to hello, once in every connection.
    Welcome(Welcome),
    /// `83`: a new epoch begins. Clear the terminal: history and screen follow as output.
    Reset(Reset),
    /// `84`: the number of a ping, then `u32` microseconds of the last round trip from the server to the agent, 0 if unknown.
    Pong {
        /// The number of the ping.
        number: u32,
        /// Microseconds.
        agent: u32,
    },
    /// `85`: what a person may want to know.
    Status(Status),
    /// `86`: `u32` number of the next input frame. All before it were taken over and will not be asked for again.
    InputAck(u32),
    /// `87`: the last word, before the socket is closed: `{"code":"not_running","message":"…","retry":false}`.
    End(End),
}

/// The answer to hello. Members may be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Names the session for a later hello. It says nothing about the agent and gives no rights.
    pub session: String,
    /// The epoch in force. If session or epoch are not the client's last ones, the terminal is to be cleared.
    pub epoch: u32,
    /// Where output goes on.
    pub seq: u64,
    /// The number of the next input frame. What the client sent from here on did not arrive.
    pub input: u32,
    /// The size in force.
    pub size: Size,
    /// What this viewer may do.
    pub mode: Mode,
}

/// Why a new epoch begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetReason {
    /// The client was too slow or away for too long, so output was left out.
    Skipped,
    /// The connection to the agent was lost.
    Reattached,
    /// The size was changed, so history and screen are laid out anew.
    Resized,
    /// Much was printed at once, of which lines may have been left out: the history is complete again.
    History,
}

/// A new epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reset {
    /// Its number; output is counted from 0 again.
    pub epoch: u32,
    /// Why.
    pub reason: ResetReason,
    /// Whether something that was typed was thrown away, because it was meant for a shell that is gone.
    #[serde(default)]
    pub input_lost: bool,
}

/// What a person may want to know. Sent when it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Whether the agent's terminal is attached. While it is not, what is typed waits.
    pub attached: bool,
    /// Viewers of this agent who may type, this one included.
    pub drivers: u32,
    /// Viewers who only look.
    pub watchers: u32,
}

/// The type byte of [`ServerFrame::Output`]: clients look at it before they copy a payload.
pub const OUTPUT: u8 = 0x81;
/// Bytes before the payload of [`ServerFrame::Output`].
pub const OUTPUT_HEADER: usize = 9;
const WELCOME: u8 = 0x82;
const RESET: u8 = 0x83;
const PONG: u8 = 0x84;
const STATUS: u8 = 0x85;
const INPUT_ACK: u8 = 0x86;
const END: u8 = 0x87;

impl ServerFrame {
    /// Reads a frame from the server.
    pub fn decode(frame: &[u8]) -> Result<Self, DecodeError> {
        let (&kind, payload) = frame.split_first().ok_or(DecodeError::Empty)?;
        match kind {
            OUTPUT => {
                let (seq, bytes) = split_number(kind, payload)?;
                Ok(Self::Output { seq: u64::from_le_bytes(seq), bytes: bytes.to_vec() })
            }
            WELCOME => decode_json(kind, payload).map(Self::Welcome),
            RESET => decode_json(kind, payload).map(Self::Reset),
            PONG => {
                let (number, rest) = split_number(kind, payload)?;
                let (agent, _) = split_number(kind, rest)?;
                Ok(Self::Pong { number: u32::from_le_bytes(number), agent: u32::from_le_bytes(agent) })
            }
            STATUS => decode_json(kind, payload).map(Self::Status),
            INPUT_ACK => split_number(kind, payload).map(|(next, _)| Self::InputAck(u32::from_le_bytes(next))),
            END => decode_json(kind, payload).map(Self::End),
            other => Err(DecodeError::UnknownType(other)),
        }
    }

    /// Writes a frame for a browser.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Output { seq, bytes } => encode_output(*seq, bytes),
            Self::Welcome(welcome) => encode_json(WELCOME, welcome),
            Self::Reset(reset) => encode_json(RESET, reset),
            Self::Pong { number, agent } => encode_parts(PONG, &number.to_le_bytes(), &agent.to_le_bytes()),
            Self::Status(status) => encode_json(STATUS, status),
            Self::InputAck(next) => encode_parts(INPUT_ACK, &next.to_le_bytes(), &[]),
            Self::End(end) => encode_json(END, end),
        }
    }
}

/// Writes an output frame without owning its bytes first.
pub fn encode_output(seq: u64, bytes: &[u8]) -> Vec<u8> {
    encode_parts(OUTPUT, &seq.to_le_bytes(), bytes)
}
