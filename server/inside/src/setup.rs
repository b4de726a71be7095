//! Prepares Claude Code for the agent: our MCP server, the working instructions, the key, and none of the questions that
//! it asks at its first start. All at user scope, so that it holds in every folder.
//!
//! What the agent's owner changed in these files since stays: only our own entries are set.

use std::{
    env, fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

use super::{InsideError, Place};

/// What Claude Code reads in every session, as shipped. The first line says that the file is ours.
const INSTRUCTIONS: &str = include_str!(concat!(env!("OUT_DIR"), "/CLAUDE.md"));
/// Where the key for the model is, beside the token.
const MODEL_KEY_FILE: &str = "model-key";

/// The folders that the configuration speaks of.
#[derive(Debug, Clone)]
pub struct Folders {
    /// The agent's home.
    pub home: PathBuf,
    /// Claude Code's own folder, when it is not in the home.
    pub claude: Option<PathBuf>,
    /// Where the work is.
    pub workspace: PathBuf,
}

impl Folders {
    /// As the environment names them.
    pub fn from_environment() -> Self {
        let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            home: folder("HOME").unwrap_or_else(|| PathBuf::from("/home/agent")),
            claude: folder("CLAUDE_CONFIG_DIR"),
            workspace: folder("AIWORKER_WORKSPACE").unwrap_or_else(|| PathBuf::from("/workspace")),
        }
    }

    fn settings(&self) -> PathBuf {
        self.claude.clone().unwrap_or_else(|| self.home.join(".claude"))
    }

    fn state(&self) -> PathBuf {
        self.claude.clone().unwrap_or_else(|| self.home.clone()).join(".claude.json")
    }
}

/// Writes all of it. Nothing half: each file is renamed into place.
pub fn run(place: &Place, folders: &Folders) -> Result<(), InsideError> {
    place.token()?;
    let endpoint = place.endpoint()?.as_str();
    change(&folders.state(), |state| {
        set(state, &["mcpServers", "aiworker"], server(endpoint, &place.token_file));
        set(state, &["hasCompletedOnboarding"], json!(true));
        set(state, &["bypassPermissionsModeAccepted"], json!(true));
        let workspace = folders.workspace.to_string_lossy();
        set(state, &["projects", &workspace, "hasTrustDialogAccepted"], json!(true));
        set(state, &["projects", &workspace, "hasCompletedProjectOnboarding"], json!(true));
    })?;
    let key = place.token_file.with_file_name(MODEL_KEY_FILE);
    change(&folders.settings().join("settings.json"), |settings| {
        set(settings, &["skipDangerousModePermissionPrompt"], json!(true));
        allow(settings, "mcp__aiworker");
        if key.is_file() {
            set(settings, &["apiKeyHelper"], json!(format!("cat {}", quoted(&key))));
        }
    })?;
    write_instructions(&folders.settings().join("CLAUDE.md"))
}

/// The token is read at each connection, so the configuration holds no secret and a new token works at once.
fn server(endpoint: &str, token_file: &Path) -> Value {
    let helper = format!(r#"printf '{{"Authorization":"Bearer %s"}}' "$(cat {})""#, quoted(token_file));
    json!({ "type": "http", "url": endpoint, "headersHelper": helper, "alwaysLoad": true })
}

/// For the shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

fn change(path: &Path, edit: impl FnOnce(&mut Map<String, Value>)) -> Result<(), InsideError> {
    let failed = |error| InsideError::File(format!("{} cannot be written", path.display()), error);
    let there = match fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text).unwrap_or_default(),
        Err(error) if error.kind() == ErrorKind::NotFound => Map::new(),
        Err(error) => return Err(failed(error)),
    };
    let mut object = there.clone();
    edit(&mut object);
    if object == there {
        return Ok(());
    }
    let text = serde_json::to_string_pretty(&object).unwrap_or_default();
    write(path, &text).map_err(failed)
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let fresh = path.with_extension("aiworker-new");
    fs::write(&fresh, text)?;
    fs::rename(fresh, path)
}

/// Sets a member of nested objects; what is not an object on the way becomes one.
fn set(object: &mut Map<String, Value>, path: &[&str], value: Value) {
    let [first, rest @ ..] = path else { return };
    if rest.is_empty() {
        object.insert((*first).to_owned(), value);
        return;
    }
    let member = object.entry((*first).to_owned()).or_insert_with(|| json!({}));
    if !member.is_object() {
        *member = json!({});
    }
    if let Some(inner) = member.as_object_mut() {
        set(inner, rest, value);
    }
}

fn allow(settings: &mut Map<String, Value>, rule: &str) {
    let known = settings.get("permissions").and_then(|permissions| permissions.get("allow")).and_then(Value::as_array);
    let mut rules = known.cloned().unwrap_or_default();
    if !rules.iter().any(|known| known == rule) {
        rules.push(json!(rule));
    }
    set(settings, &["permissions", "allow"], Value::Array(rules));
}

/// Instructions that somebody made their own, without our first line, stay.
fn write_instructions(path: &Path) -> Result<(), InsideError> {
    let mark = INSTRUCTIONS.lines().next().unwrap_or_default();
    let there = fs::read_to_string(path).unwrap_or_default();
    if there == INSTRUCTIONS || !(there.is_empty() || there.starts_with(mark)) {
        return Ok(());
    }
    write(path, INSTRUCTIONS).map_err(|error| InsideError::File(format!("{} cannot be written", path.display()), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(folder: &Path, token: &str) -> Place {
        let token_file = folder.join("token");
        fs::write(&token_file, token).unwrap();
        Place { endpoint: Some("http://127.0.0.1:3000/mcp".parse().unwrap()), token_file }
    }

    #[test]
    fn our_entries_are_set_and_all_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        fs::create_dir(&home).unwrap();
        fs::write(home.join(".claude.json"), r#"{"theme":"light","mcpServers":{"mine":{"type":"stdio"}}}"#).unwrap();
        let place = place(folder.path(), "secret-token\n");
        fs::write(folder.path().join(MODEL_KEY_FILE), "key").unwrap();
        let folders = Folders { home: home.clone(), claude: None, workspace: "/workspace".into() };
        run(&place, &folders).unwrap();
        fs::write(home.join(".claude/CLAUDE.md"), "My own words.").unwrap();
        run(&place, &folders).unwrap();

        let read = |name: &str| fs::read_to_string(home.join(name)).unwrap();
        let state: Value = serde_json::from_str(&read(".claude.json")).unwrap();
        assert_eq!(state["theme"], "light");
        assert_eq!(state["mcpServers"]["mine"]["type"], "stdio");
        assert_eq!(state["mcpServers"]["aiworker"]["url"], "http://127.0.0.1:3000/mcp");
        assert_eq!(state["mcpServers"]["aiworker"]["alwaysLoad"], true);
        assert_eq!(state["projects"]["/workspace"]["hasTrustDialogAccepted"], true);
        let settings: Value = serde_json::from_str(&read(".claude/settings.json")).unwrap();
        assert_eq!(settings["permissions"]["allow"], json!(["mcp__aiworker"]));
        assert!(settings["apiKeyHelper"].as_str().unwrap().starts_with("cat '"));
        assert_eq!(read(".claude/CLAUDE.md"), "My own words.");
        assert!(!read(".claude.json").contains("secret-token"), "the token is in its file only");
    }

    #[test]
    fn a_missing_address_or_token_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let folders = Folders { home: folder.path().into(), claude: None, workspace: "/workspace".into() };
        for token in ["", " \n", "two words", "line\nbreak"] {
            let error = run(&place(folder.path(), token), &folders).unwrap_err().to_string();
            assert!(error.contains("token"), "{error}");
        }
        let nowhere = Place { endpoint: None, ..place(folder.path(), "token") };
        assert!(run(&nowhere, &folders).unwrap_err().to_string().contains("MCP_ENDPOINT"));
        assert!(!folder.path().join(".claude.json").exists());
    }
}
