//! What people may type. The same functions run in the browser for feedback and in `services` for truth.
//!
//! Every message is a sentence that names what is wrong and what to do instead; it reads well after the field's label.

use crate::{address::Address, tools::NOTE_MAX_BYTES};
use serde::{Deserialize, Serialize};

/// Longest username, in characters.
pub const USERNAME_MAX: usize = 32;
/// Shortest password, in characters (NIST SP 800-63B asks for at least 8).
pub const PASSWORD_MIN: usize = 8;
/// Longest password, in bytes: hashing time must not be the caller's to choose.
pub const PASSWORD_MAX_BYTES: usize = 256;
/// Longest project name, in characters.
pub const PROJECT_NAME_MAX: usize = 100;
/// Longest task title, in characters.
pub const TITLE_MAX: usize = 200;
/// Longest task description, in bytes.
pub const DESCRIPTION_MAX_BYTES: usize = 64 * 1024;
/// Longest agent name, in characters: it is part of names that a kernel or a cluster limits to 63.
pub const AGENT_NAME_MAX: usize = 40;
/// Longest start command, in bytes.
pub const START_COMMAND_MAX_BYTES: usize = 4096;
/// Longest repository address, in bytes.
pub const REPOSITORY_URL_MAX_BYTES: usize = 2048;
/// Longest branch name, in bytes.
pub const BRANCH_MAX_BYTES: usize = 200;
/// Longest token name, in characters.
pub const TOKEN_NAME_MAX: usize = 60;
/// Most tasks that one task may wait for.
pub const DEPENDS_ON_MAX: usize = 50;
/// Longest life of a personal token, in days.
pub const TOKEN_DAYS_MAX: u32 = 366;

/// A field of the input and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's name in the API.
    pub field: String,
    /// A sentence that says what to change.
    pub message: String,
}

/// At least one field breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct Invalid {
    /// Every field that breaks a rule, in the order of the form.
    pub fields: Vec<FieldError>,
}

impl Invalid {
    /// One field breaks a rule.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self { fields: vec![FieldError { field: field.to_owned(), message: message.into() }] }
    }

    /// All complaints as one sentence, each with its field's name.
    pub fn sentence(&self) -> String {
        let parts: Vec<_> = self.fields.iter().map(|f| format!("{}: {}", f.field, f.message)).collect();
        parts.join(" ")
    }

    /// The complaint about `field`, if there is one.
    pub fn message_of(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|f| f.field == field).map(|f| f.message.as_str())
    }
}

/// Gathers the complaints of several fields, so that a form shows all of them at once.
#[derive(Debug, Default)]
pub struct Checker(Invalid);

impl Checker {
    /// Keeps the value, or notes the complaint and gives back the type's default.
    pub fn check<T: Default>(&mut self, field: &str, outcome: Result<T, String>) -> T {
        outcome.unwrap_or_else(|message| {
            self.0.fields.push(FieldError { field: field.to_owned(), message });
            T::default()
        })
    }

    /// The value if nothing was noted.
    pub fn finish<T>(self, value: T) -> Result<T, Invalid> {
        if self.0.fields.is_empty() { Ok(value) } else { Err(self.0) }
    }
}

/// A username: 1 to 32 of `a-z 0-9 - _ .`, beginning with a letter or a digit. Capitals are folded, because
/// two people whose names differ in case only would be taken for one another.
pub fn username(input: &str) -> Result<String, String> {
    let name = input.trim().to_lowercase();
    let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let fits = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c));
    if name.is_empty() {
        Err("Enter a username.".into())
    } else if name.chars().count() > USERNAME_MAX {
        Err(format!("Use at most {USERNAME_MAX} characters."))
    } else if starts_well && fits {
        Ok(name)
    } else {
        Err("Use letters a-z, digits, dot, dash and underscore, and begin with a letter or a digit.".into())
    }
}

/// A new password. Any characters, none trimmed; only the length counts.
pub fn password(input: &str) -> Result<(), String> {
    if input.chars().count() < PASSWORD_MIN {
        Err(format!("Use at least {PASSWORD_MIN} characters."))
    } else if input.len() > PASSWORD_MAX_BYTES {
        Err(format!("Use at most {PASSWORD_MAX_BYTES} bytes."))
    } else {
        Ok(())
    }
}

/// One line of free text (names and titles): trimmed, not empty, at most `max` characters, no control characters.
fn line(input: &str, what: &str, max: usize) -> Result<String, String> {
    let text = input.trim();
    if text.is_empty() {
        Err(format!("Enter {what}."))
    } else if text.chars().count() > max {
        Err(format!("Use at most {max} characters."))
    } else if text.chars().any(is_hidden) {
        Err("Remove the control or invisible direction characters.".into())
    } else {
        Ok(text.to_owned())
    }
}

/// Control characters, and those that reorder or hide text: a name must look like what it is.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// One line that may not be empty, at most `max` characters.
pub fn label(input: &str, max: usize) -> Result<String, String> {
    line(input, "a text", max)
}

/// One line that may be empty, at most `max` characters.
pub fn short_text(input: &str, max: usize) -> Result<String, String> {
    if input.trim().is_empty() { Ok(String::new()) } else { line(input, "a text", max) }
}

/// Text of several lines that may not be empty, at most `max` characters.
pub fn text(input: &str, max: usize) -> Result<String, String> {
    let text = input.trim();
    if text.is_empty() {
        Err("Enter a text.".into())
    } else if text.chars().count() > max {
        Err(format!("Use at most {max} characters."))
    } else if text.chars().any(|c| is_hidden(c) && !matches!(c, '\n' | '\t')) {
        Err("Remove the control or invisible direction characters.".into())
    } else {
        Ok(text.to_owned())
    }
}

/// An address of a web page.
pub fn web_address(text: &str) -> Result<String, String> {
    let is_web = text.len() <= REPOSITORY_URL_MAX_BYTES
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
        && Address::parse(text).is_some_and(|address| matches!(address.scheme.as_str(), "http" | "https"));
    if is_web { Ok(text.to_owned()) } else { Err("Enter an address that begins with https://.".into()) }
}

/// A project's name.
pub fn project_name(input: &str) -> Result<String, String> {
    line(input, "a project name", PROJECT_NAME_MAX)
}

/// A task's title.
pub fn title(input: &str) -> Result<String, String> {
    line(input, "a title", TITLE_MAX)
}

/// A token's name.
pub fn token_name(input: &str) -> Result<String, String> {
    line(input, "a name that says what the token is for", TOKEN_NAME_MAX)
}

/// A task's description: Markdown, which may be empty.
pub fn description(input: &str) -> Result<String, String> {
    if input.len() > DESCRIPTION_MAX_BYTES {
        Err(format!("Use at most {} KiB.", DESCRIPTION_MAX_BYTES / 1024))
    } else if input.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        Err("Remove the control characters.".into())
    } else {
        Ok(input.to_owned())
    }
}

/// A note on a task, in Markdown.
pub fn note(input: &str) -> Result<String, String> {
    let markdown = description(input)?;
    match markdown.trim() {
        "" => Err("Write something.".into()),
        text if text.len() > NOTE_MAX_BYTES => Err(format!("Use at most {} KiB.", NOTE_MAX_BYTES / 1024)),
        text => Ok(text.to_owned()),
    }
}

/// An agent's name: 1 to 40 of `a-z 0-9 -`, beginning with a letter, not ending with a dash (as DNS labels, RFC 1035).
pub fn agent_name(input: &str) -> Result<String, String> {
    let name = input.trim();
    let fits = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if name.is_empty() {
        Err("Enter a name for the agent.".into())
    } else if name.chars().count() > AGENT_NAME_MAX {
        Err(format!("Use at most {AGENT_NAME_MAX} characters."))
    } else if fits && name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.ends_with('-') {
        Ok(name.to_owned())
    } else {
        Err("Use lower-case letters, digits and dashes; begin with a letter and do not end with a dash.".into())
    }
}

/// A start command for a shell in the agent's tmux session; empty means just the shell.
pub fn start_command(input: &str) -> Result<String, String> {
    let command = input.trim();
    if command.len() > START_COMMAND_MAX_BYTES {
        Err(format!("Use at most {START_COMMAND_MAX_BYTES} bytes."))
    } else if command.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        Err("Remove the control characters.".into())
    } else {
        Ok(command.to_owned())
    }
}

/// The address `git clone` will be given: `https`, `ssh` or `git`, or the short form `user@host:path`.
///
/// Git runs programs and reads local files for other forms (`ext::`, `file:`, a leading dash), and a password in
/// an address ends up in process lists and logs. Empty means no repository.
pub fn repository_url(input: &str) -> Result<Option<String>, String> {
    let text = input.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() > REPOSITORY_URL_MAX_BYTES {
        return Err(format!("Use at most {REPOSITORY_URL_MAX_BYTES} bytes."));
    }
    if text.starts_with('-') || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("Remove the leading dash, spaces and control characters.".into());
    }
    if is_scp_form(text) {
        return Ok(Some(text.to_owned()));
    }
    let address = Address::parse(text).ok_or_else(only_remote_addresses)?;
    match address.scheme.as_str() {
        "https" | "git" if !address.user.is_empty() || address.password.is_some() => {
            Err("Remove the user name and password from the address; give credentials to the agent instead.".into())
        }
        "ssh" if address.password.is_some() => Err("Remove the password from the address; use a key.".into()),
        "https" | "ssh" | "git" if !address.user.starts_with('-') => Ok(Some(text.to_owned())),
        _ => Err(only_remote_addresses()),
    }
}

fn only_remote_addresses() -> String {
    "Use an address that begins with https://, ssh:// or git://, or the form git@host:path.".into()
}

/// `user@host:path` as SSH users write it: a plain user and host, and no second colon that would make it a
/// `transport::address`.
fn is_scp_form(text: &str) -> bool {
    let Some((account, path)) = text.split_once(':') else { return false };
    let Some((user, host)) = account.split_once('@') else { return false };
    let plain = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    plain(user) && plain(host) && !path.is_empty() && !path.starts_with([':', '-', '/'])
}

/// A branch name by the rules of `git check-ref-format`. Empty means `main`.
pub fn branch(input: &str) -> Result<String, String> {
    let name = input.trim();
    if name.is_empty() {
        return Ok("main".to_owned());
    }
    let bad_part = |part: &str| part.is_empty() || part.starts_with('.') || has_lock_suffix(part);
    let bad = name.len() > BRANCH_MAX_BYTES
        || name.starts_with('-')
        || name.ends_with('.')
        || name == "@"
        || name.contains("..")
        || name.contains("@{")
        || name.chars().any(|c| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c))
        || name.split('/').any(bad_part);
    if bad {
        Err("Enter a branch name that git accepts, such as main or release/1.2.".into())
    } else {
        Ok(name.to_owned())
    }
}

fn has_lock_suffix(part: &str) -> bool {
    part.rsplit_once('.').is_some_and(|(_, extension)| extension == "lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_addresses_never_run_programs_or_carry_secrets() {
        for good in [
            "https://git.example.com/a/b.git",
            "ssh://git@example.com/a/b",
            "git://example.com/a",
            "git@example.com:a/b.git",
        ] {
            assert_eq!(repository_url(good), Ok(Some(good.to_owned())), "{good}");
        }
        for bad in [
            "file:///etc/passwd",
            "/etc/passwd",
            "../x",
            "ext::sh -c id",
            "ext::sh",
            "--upload-pack=id",
            "-oProxyCommand=id",
            "https://user:secret@example.com/a",
            "https://token@example.com/a",
            "ssh://git:pw@example.com/a",
            "http://example.com/a",
            "ssh://-oProxyCommand=id/a",
            "javascript:alert(1)",
            "git@example.com::x",
            "a b",
            "https://",
            "fd::17",
        ] {
            assert!(repository_url(bad).is_err(), "{bad}");
        }
        assert_eq!(repository_url("  "), Ok(None));
    }

    #[test]
    fn names_are_trimmed_counted_in_characters_and_kept_as_typed() {
        assert_eq!(
            project_name("  <b>🚀'; DROP TABLE users;--</b> "),
            Ok("<b>🚀'; DROP TABLE users;--</b>".to_owned())
        );
        assert!(project_name("   ").is_err());
        assert!(project_name(&"é".repeat(100)).is_ok());
        assert!(project_name(&"é".repeat(101)).is_err());
        assert!(project_name("a\u{202e}b").is_err());
        assert!(title("a\nb").is_err());
    }

    #[test]
    fn usernames_fold_case_and_refuse_look_alikes() {
        assert_eq!(username(" Ann "), Ok("ann".to_owned()));
        for bad in ["", " ", "аnn", "a b", "-a", "a/b", "🚀", &"a".repeat(300)] {
            assert!(username(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn agent_names_are_dns_labels() {
        assert!(agent_name("calm-otter-7").is_ok());
        for bad in ["", "7up", "Otter", "a-", "a_b", "ä", &"a".repeat(41)] {
            assert!(agent_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn branches_follow_git() {
        assert_eq!(branch(""), Ok("main".to_owned()));
        assert!(branch("agent/1.2").is_ok());
        for bad in ["-x", "a..b", "a b", "x.lock", "a//b", "/a", "a/", ".a", "a:b", "@"] {
            assert!(branch(bad).is_err(), "{bad}");
        }
    }
}
