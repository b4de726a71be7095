//! What the terminal says about itself in words. No browser calls.

use domain::terminal::End;

/// What a person is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The first connection is being made.
    Connecting,
    /// Bytes flow.
    Live,
    /// The server cannot reach the agent's terminal at the moment.
    Waiting,
    /// The connection was lost; the next attempt is under way, or comes in so many seconds.
    Reconnecting {
        /// Whole seconds, rounded up; 0 while an attempt is under way.
        seconds: u32,
    },
    /// It is over.
    Ended,
}

/// Everything that the words depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// xterm is being fetched.
    Loading,
    /// xterm could not be fetched; the text says why, for people.
    Broken(String),
    /// The connection stands so.
    Connection {
        /// How.
        standing: Standing,
        /// The server's last word, if it said one.
        end: Option<End>,
    },
}

impl Status {
    /// Whether what is typed reaches the agent.
    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Connection { standing: Standing::Live, .. })
    }

    /// One or two words, read out by screen readers when they change.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Loading => "Connecting",
            Self::Broken(_) => "Not available",
            Self::Connection { standing, .. } => match standing {
                Standing::Connecting => "Connecting",
                Standing::Live => "Connected",
                Standing::Waiting => "Waiting",
                Standing::Reconnecting { .. } => "Reconnecting",
                Standing::Ended => "Ended",
            },
        }
    }

    /// The name for the style sheet.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Loading => "connecting",
            Self::Broken(_) => "ended",
            Self::Connection { standing, .. } => match standing {
                Standing::Connecting => "connecting",
                Standing::Live => "live",
                Standing::Waiting | Standing::Reconnecting { .. } => "reconnecting",
                Standing::Ended => "ended",
            },
        }
    }

    /// What the banner says. There is none while all is well.
    pub fn banner(&self) -> Option<String> {
        match self {
            Self::Loading => None,
            Self::Broken(why) => Some(format!("The terminal could not be loaded: {why}.")),
            Self::Connection { standing, end } => match standing {
                Standing::Connecting | Standing::Live => None,
                Standing::Waiting => {
                    Some("The agent's terminal does not answer. What you type waits for it.".to_owned())
                }
                Standing::Reconnecting { seconds } => Some(reconnecting(end.as_ref(), *seconds)),
                Standing::Ended => {
                    Some(end.as_ref().map_or_else(|| "This terminal has ended.".to_owned(), |end| end.message.clone()))
                }
            },
        }
    }

    /// What the banner's button says.
    pub const fn action(&self) -> &'static str {
        match self {
            Self::Connection { standing: Standing::Reconnecting { .. }, .. } => "Reconnect now",
            Self::Connection { .. } => "Connect again",
            Self::Loading | Self::Broken(_) => "Try again",
        }
    }
}

fn reconnecting(end: Option<&End>, seconds: u32) -> String {
    let what = end.map_or("Connection lost.", |end| end.message.as_str());
    match seconds {
        0 => format!("{what} Reconnecting …"),
        seconds => format!("{what} Reconnecting in {seconds} s …"),
    }
}

#[cfg(test)]
mod tests {
    use domain::terminal::EndCode;

    use super::*;

    #[test]
    fn every_standing_has_words_and_only_trouble_has_a_banner() {
        let plain = |standing| Status::Connection { standing, end: None };
        let status = plain(Standing::Live);
        assert_eq!((status.word(), status.banner()), ("Connected", None));
        let status = plain(Standing::Waiting);
        assert!(!status.is_live() && status.banner().is_some_and(|banner| banner.contains("does not answer")));
        let status = plain(Standing::Reconnecting { seconds: 3 });
        assert_eq!(status.banner().as_deref(), Some("Connection lost. Reconnecting in 3 s …"));
        assert_eq!(status.action(), "Reconnect now");
        let end =
            End { code: EndCode::NotRunning, message: "Otter was stopped.".into(), retry: false, retry_after_ms: 0 };
        let status = Status::Connection { standing: Standing::Ended, end: Some(end) };
        assert_eq!(status.banner().as_deref(), Some("Otter was stopped."));
        assert_eq!(status.action(), "Connect again");
    }
}
