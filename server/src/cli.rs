//! The command line: what `aiworker` can be told to do.

use clap::{CommandFactory, Parser, Subcommand};

use crate::config::Config;

/// A self-hosted control room for coding agents.
#[derive(Debug, Parser)]
#[command(name = "aiworker", version, max_term_width = 120)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Every option.
    #[command(flatten)]
    pub config: Config,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server. This is what happens when no command is given.
    Serve,
    /// Bring the database up to date and end.
    Migrate,
    /// Check everything the server needs and say how to mend what fails.
    Doctor {
        /// Print the findings as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Look after accounts from this host.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// What runs inside agents. Their images have a small program with these commands alone.
    #[command(flatten)]
    Inside(inside::Command),
    /// Print every option as a Markdown table.
    #[command(hide = true)]
    ConfigTable,
}

/// What to do for an operator.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// List the accounts.
    Users,
    /// Give an account a new password, read from standard input, and sign all its browsers out.
    ResetPassword {
        /// The account's name.
        username: String,
    },
    /// Delete an account with everything in it: agents and their workspaces, projects, tasks. That is final. A server that
    /// runs, or the next one, removes the agents.
    DeleteUser {
        /// The account's name.
        username: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Say what an account may do: `admin` or `member`.
    SetRole {
        /// The account's name.
        username: String,
        /// What it may do.
        #[arg(value_parser = role)]
        role: domain::Role,
    },
    /// Seal every credential anew with the first of the credential keys, so that the others can be removed.
    RotateKeys,
    /// List what the runtime has and the database does not know, and the other way round.
    Orphans,
    /// Print the newest entries of the audit log as JSON lines.
    Audit {
        /// The number of entries.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
}

fn role(text: &str) -> Result<domain::Role, &'static str> {
    [domain::Role::Admin, domain::Role::Member]
        .into_iter()
        .find(|role| role.as_str() == text)
        .ok_or("it is `admin` or `member`")
}

/// Every option as a Markdown table, for the README.
pub fn config_table() -> String {
    let mut command = Cli::command();
    command.build();
    let mut table = String::from("| Option | Variable | Default | What it is |\n|---|---|---|---|\n");
    for arg in command.get_arguments().filter(|arg| arg.get_env().is_some()) {
        let flag = arg.get_long().unwrap_or_default();
        let variable = arg.get_env().and_then(|name| name.to_str()).unwrap_or_default();
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let (help, noted) = match help.split_once(" [default: ") {
            Some((help, noted)) => (help.to_owned(), noted.trim_end_matches(']').to_owned()),
            None => (help, "none".to_owned()),
        };
        let defaults = arg.get_default_values().iter().filter_map(|value| value.to_str());
        let default = match defaults.collect::<Vec<_>>().join(",").as_str() {
            "" => noted,
            "false" => "off".to_owned(),
            value => format!("`{value}`"),
        };
        let help = help.trim_end_matches('.');
        let help = help.replace('|', "\\|");
        table.push_str(&format!("| `--{flag}` | `{variable}` | {default} | {help} |\n"));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_option_has_a_variable_a_heading_and_a_line_of_help() {
        for arg in Cli::command().get_arguments().filter(|arg| !["help", "version"].contains(&arg.get_id().as_str())) {
            let name = arg.get_id();
            assert!(arg.get_env().is_some(), "{name} has no environment variable");
            assert!(arg.get_help().is_some_and(|help| !help.to_string().is_empty()), "{name} has no help");
            assert!(arg.get_help_heading().is_some(), "{name} has no heading");
        }
    }

    #[test]
    fn options_may_stand_before_and_after_the_command() {
        for line in [["aiworker", "--data", "/x", "doctor"], ["aiworker", "doctor", "--data", "/x"]] {
            let cli = Cli::try_parse_from(line).unwrap();
            assert_eq!(cli.config.storage.data.as_deref(), Some(std::path::Path::new("/x")));
            assert!(matches!(cli.command, Some(Command::Doctor { json: false })));
        }
    }
}
