//! `aiworker admin delete-user`: asks, deletes, and tells how far it has come until nothing is left, or who does the rest.

use std::{process::ExitCode, time::Duration};

use domain::Account;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{print, read_line};
use crate::{AppState, startup::StartError};

/// How often it is looked how many agents are left.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a server that runs may take for the next agent, before it is left alone with the rest. Longer than a pod's time to
/// end and the wait after a failed look.
const PATIENCE: Duration = Duration::from_mins(2);

/// Deletes the account of this name.
pub async fn run(state: &AppState, username: &str, yes: bool) -> Result<ExitCode, StartError> {
    let accounts = state.services.accounts();
    let account = accounts.account_for_operator(username).await?;
    let (name, what) = (&account.username, contents(&account));
    if !yes {
        print(&format!(
            "{name} has {what}. All of it is deleted, with every workspace, and cannot be brought back.\n\
             Type the name to go on: "
        ))?;
        if read_line()?.trim() != name {
            print("\nThat is not the name. Nothing was deleted.\n")?;
            return Ok(ExitCode::FAILURE);
        }
    }
    let account = accounts.delete_for_operator(account.id).await?;
    print(&format!("{name} cannot sign in any more; {} go with the account\n", contents(&account)))?;
    follow(state, &account).await?;
    Ok(ExitCode::SUCCESS)
}

/// Tells how many agents are left, until none is, or nobody is there who removes them.
async fn follow(state: &AppState, account: &Account) -> Result<(), StartError> {
    let name = &account.username;
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut told, mut since) = (account.agents, Instant::now());
    loop {
        looks.tick().await;
        let Some(left) = left(state, account).await? else {
            return print(&format!("{name} is gone\n"));
        };
        if left != told {
            (told, since) = (left, Instant::now());
            print(&format!("{} left\n", count(left, "agent")))?;
        }
        if !state.store.is_reconciled(state.services.now()).await? {
            return print(&format!(
                "no server runs on this database; {} left, and the next one that is started removes the rest\n",
                is_or_are(left)
            ));
        }
        if since.elapsed() > PATIENCE {
            return print(&format!("{} still left; the server goes on removing the rest by itself\n", is_or_are(left)));
        }
    }
}

/// The number of agents that are left; nothing when the account is gone.
async fn left(state: &AppState, account: &Account) -> Result<Option<u64>, StartError> {
    let accounts = state.store.accounts().await?;
    Ok(accounts.into_iter().find(|other| other.id == account.id).map(|account| account.agents))
}

fn contents(account: &Account) -> String {
    format!("{} and {}", count(account.agents, "agent"), count(account.projects, "project"))
}

fn count(number: u64, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
}

fn is_or_are(left: u64) -> String {
    format!("{} {}", count(left, "agent"), if left == 1 { "is" } else { "are" })
}
