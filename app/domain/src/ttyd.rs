//! The frames that ttyd speaks on its WebSocket (subprotocol `tty`).
//!
//! Source: ttyd 1.7.7, `src/protocol.c`. Its pause and resume frames are left out on purpose: pause does nothing and
//! resume loses output.

use serde::Serialize;

/// The subprotocol that ttyd asks for. With none, the handshake succeeds and nothing ever comes.
pub const SUBPROTOCOL: &str = "tty";

/// A frame from ttyd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromTtyd<'a> {
    /// What the terminal prints.
    Output(&'a [u8]),
    /// The window's title. It holds the full command line, so it never goes further.
    Title,
    /// Preferences for ttyd's own client.
    Preferences,
    /// Something this version does not know.
    Unknown,
}

/// Reads a frame from ttyd.
pub fn decode(frame: &[u8]) -> FromTtyd<'_> {
    match frame.split_first() {
        Some((b'0', output)) => FromTtyd::Output(output),
        Some((b'1', _)) => FromTtyd::Title,
        Some((b'2', _)) => FromTtyd::Preferences,
        _ => FromTtyd::Unknown,
    }
}

#[derive(Serialize)]
struct Init<'a> {
    #[serde(rename = "AuthToken")]
    auth_token: &'a str,
    columns: u16,
    rows: u16,
}

#[derive(Serialize)]
struct Resize {
    columns: u16,
    rows: u16,
}

/// The first frame to ttyd, which starts its child. `auth_token` is the base64 form of `user:password`.
pub fn encode_init(auth_token: &str, columns: u16, rows: u16) -> Vec<u8> {
    serde_json::to_vec(&Init { auth_token, columns, rows }).unwrap_or_default()
}

/// Typed bytes for ttyd.
pub fn encode_input(input: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(1 + input.len());
    frame.push(b'0');
    frame.extend_from_slice(input);
    frame
}

/// A new size for ttyd, which checks nothing: clamp first.
pub fn encode_resize(columns: u16, rows: u16) -> Vec<u8> {
    let mut frame = vec![b'1'];
    frame.extend(serde_json::to_vec(&Resize { columns, rows }).unwrap_or_default());
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_those_of_ttyd() {
        assert_eq!(encode_init("YTpi", 80, 24), br#"{"AuthToken":"YTpi","columns":80,"rows":24}"#);
        assert_eq!(encode_input(b"ls\r"), b"0ls\r");
        assert_eq!(encode_resize(80, 24), br#"1{"columns":80,"rows":24}"#);
        assert_eq!(decode(b"0hi"), FromTtyd::Output(b"hi"));
        assert_eq!(decode(b"1sh (host)"), FromTtyd::Title);
        assert_eq!(decode(b"2{}"), FromTtyd::Preferences);
        assert_eq!(decode(b""), FromTtyd::Unknown);
    }
}
