//! From what the database says to what a runtime is told.

use std::{collections::BTreeMap, net::IpAddr};

use domain::{Agent, AgentId};
use hmac::{Hmac, Mac as _};
use runtime::{AgentSpec, GitIdentity, Repository};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use store::LaunchFacts;

use crate::{secret, settings::Settings};

/// Characters of a terminal's password: 192 bits.
const PASSWORD_CHARS: usize = 48;
/// The host in the agents' commit addresses when the installation has no name of its own.
const NAMELESS_HOST: &str = "aiworker.local";

/// What the runtime is told about the agent.
pub(super) fn build(
    facts: &LaunchFacts,
    settings: &Settings,
    token: SecretString,
    credentials: Vec<(String, SecretString)>,
) -> AgentSpec {
    let LaunchFacts { agent, username, repository_url, default_branch } = facts;
    AgentSpec {
        id: agent.id,
        user_id: agent.user_id,
        project_id: agent.project_id,
        name: agent.name.clone(),
        generation: agent.generation,
        git_identity: GitIdentity {
            name: username.clone(),
            email: format!("{username}@users.noreply.{}", commit_host(settings.public_url.as_deref())),
        },
        repository: repository_url.clone().map(|url| Repository { url, branch: default_branch.clone() }),
        start_command: agent.start_command.clone(),
        limits: agent.limits,
        terminal_password: terminal_password(&settings.signing_key, agent.id),
        mode: agent.mode,
        token: Some(token),
        credentials,
        env: env(agent, &settings.backend_url),
    }
}

/// The password of an agent's ttyd. Made from the key whenever it is needed, so that it is stored nowhere.
pub(crate) fn terminal_password(key: &SecretString, id: AgentId) -> SecretString {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()) else {
        unreachable!("HMAC takes keys of any length")
    };
    mac.update(format!("ttyd|{id}").as_bytes());
    let mut password = secret::hex(&mac.finalize().into_bytes());
    password.truncate(PASSWORD_CHARS);
    password.into()
}

fn env(agent: &Agent, backend_url: &str) -> BTreeMap<String, String> {
    let variables = [
        ("USER_ID", agent.user_id.to_string()),
        ("POD_NAME", agent.pod_name.clone()),
        ("BACKEND_URL", backend_url.to_owned()),
        ("MCP_ENDPOINT", format!("{backend_url}/mcp")),
        ("AIWORKER_AGENT_ID", agent.id.to_string()),
        ("AIWORKER_AGENT_NAME", agent.name.clone()),
        ("AIWORKER_PROJECT_ID", agent.project_id.to_string()),
        ("AIWORKER_PROJECT_NAME", agent.project_name.clone()),
    ];
    variables.map(|(name, value)| (name.to_owned(), value)).into()
}

/// The host that people reach this installation by, if it has a name: an address of numbers makes no mail address.
fn commit_host(public_url: Option<&str>) -> String {
    let url = public_url.and_then(|url| url::Url::parse(url).ok());
    let host = url
        .as_ref()
        .and_then(url::Url::host_str)
        .filter(|host| host.contains('.') && host.parse::<IpAddr>().is_err() && !host.starts_with('['));
    host.unwrap_or(NAMELESS_HOST).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_password_is_that_of_its_agent_and_key() {
        let id = |number| AgentId::from_uuid(uuid::Uuid::from_u128(number));
        let password = |key: &str, number| terminal_password(&key.into(), id(number)).expose_secret().to_owned();
        assert_eq!(password("key", 1), password("key", 1));
        assert_ne!(password("key", 1), password("key", 2));
        assert_ne!(password("key", 1), password("other", 1));
        assert_eq!(password("key", 1).len(), PASSWORD_CHARS);
    }

    #[test]
    fn commits_are_signed_with_the_installations_name() {
        assert_eq!(commit_host(Some("https://ai.example.com:8443/x")), "ai.example.com");
        for nameless in [None, Some("http://127.0.0.1:3000"), Some("http://[::1]"), Some("http://localhost"), Some("?")]
        {
            assert_eq!(commit_host(nameless), NAMELESS_HOST);
        }
    }
}
