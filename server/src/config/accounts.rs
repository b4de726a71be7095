//! Options: who may sign in and for how long.

use std::time::Duration;

use clap::{Args, ValueEnum};
use services::Registration;

/// Who may sign in and for how long.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Accounts")]
pub struct AccountOptions {
    /// Who may make an account. The first account runs the installation.
    #[arg(long, env = "AIWORKER_REGISTRATION", global = true, value_name = "WHO", default_value = "first-user")]
    pub registration: RegistrationName,

    /// A browser that is not used for so many hours is signed out.
    #[arg(long, env = "AIWORKER_SESSION_IDLE_HOURS", global = true, value_name = "HOURS", default_value_t = 12,
        value_parser = clap::value_parser!(u32).range(1..=8760))]
    pub session_idle_hours: u32,

    /// A browser is signed out after so many days, used or not.
    #[arg(long, env = "AIWORKER_SESSION_DAYS", global = true, value_name = "DAYS", default_value_t = 7,
        value_parser = clap::value_parser!(u32).range(1..=365))]
    pub session_days: u32,
}

/// Who may make an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RegistrationName {
    /// One person, the first.
    FirstUser,
    /// Everybody who reaches the sign-in page.
    Open,
    /// Nobody.
    Closed,
}

impl AccountOptions {
    /// Who may make an account.
    pub fn registration(&self) -> Registration {
        match self.registration {
            RegistrationName::FirstUser => Registration::FirstUser,
            RegistrationName::Open => Registration::Open,
            RegistrationName::Closed => Registration::Closed,
        }
    }

    /// How long a session lasts without use.
    pub fn session_idle(&self) -> Duration {
        Duration::from_secs(u64::from(self.session_idle_hours) * 3600)
    }

    /// How long a session lasts at most.
    pub fn session_absolute(&self) -> Duration {
        Duration::from_secs(u64::from(self.session_days) * 24 * 3600)
    }
}
