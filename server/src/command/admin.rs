//! `aiworker admin …`: what an operator can do from the host when nobody can sign in.

use std::{io::BufRead, process::ExitCode};

use secrecy::SecretString;

use super::print;
use crate::{
    cli::AdminCommand,
    config::Config,
    startup::{self, StartError},
};

mod delete_user;

/// Does what the operator asks.
pub async fn run(config: &Config, command: AdminCommand) -> Result<ExitCode, StartError> {
    let state = startup::open(config).await?;
    match command {
        AdminCommand::Users => {
            let mut list = String::new();
            for user in state.store.users().await? {
                let role = user.role.as_str();
                list.push_str(&format!("{}\t{role}\t{}\t{}\n", user.username, user.created_at, user.id));
            }
            print(&list)?;
        }
        AdminCommand::ResetPassword { username } => {
            let password = read_password()?;
            state.services.accounts().reset_password(&username, password).await?;
            print(&format!("{username} has a new password; all browsers are signed out\n"))?;
        }
        AdminCommand::DeleteUser { username, yes } => return delete_user::run(&state, &username, yes).await,
        AdminCommand::SetRole { username, role } => {
            state.services.accounts().set_role(&username, role).await?;
            print(&format!("{username} is {} now\n", role.as_str()))?;
        }
        AdminCommand::RotateKeys => {
            let number = state.services.credentials().rotate_keys().await?;
            print(&format!(
                "{number} credentials are sealed with the first key now; the other keys are not needed any more\n"
            ))?;
        }
        AdminCommand::Orphans => {
            let orphans = state.services.installation().orphans_for_operator().await?;
            let line = |orphan: &domain::Orphan| {
                let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
                let (name, owner) = (or_none(&orphan.name), or_none(&orphan.owner));
                format!("{}\t{}\t{name}\t{owner}\t{}\n", orphan.kind.as_str(), orphan.agent_id, orphan.found)
            };
            print(&orphans.iter().map(line).collect::<String>())?;
        }
        AdminCommand::Audit { limit } => {
            let entries = state.store.audit(limit).await?;
            let lines = entries.iter().filter_map(|entry| serde_json::to_string(entry).ok());
            print(&lines.map(|line| line + "\n").collect::<String>())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The first line of standard input: a password on the command line would be in the process list.
fn read_password() -> Result<SecretString, StartError> {
    read_line().map(SecretString::from)
}

fn read_line() -> Result<String, StartError> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
