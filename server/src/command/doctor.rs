//! `aiworker doctor`: looks at everything the server needs and says how to mend what fails. It changes nothing that it
//! does not clean up.

use std::process::ExitCode;

use serde::Serialize;

use super::print;
use crate::{config::Config, startup::StartError};

mod checks;
mod host;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, with something lost.
    Warn,
    /// The server, or every agent, cannot run.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub name: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was found and, unless all is well, what to do.
    pub detail: String,
}

impl Finding {
    fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Ok, detail: detail.into() }
    }

    fn warn(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Warn, detail: detail.into() }
    }

    fn fail(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Fail, detail: detail.into() }
    }
}

/// Looks at everything and prints what was found. The exit code is 1 when something fails.
pub async fn run(config: &Config, json: bool) -> Result<ExitCode, StartError> {
    let findings = checks::all(config).await;
    let report = if json {
        serde_json::to_string_pretty(&findings).unwrap_or_default() + "\n"
    } else {
        findings.iter().map(line).collect()
    };
    print(&report)?;
    let broken = findings.iter().any(|finding| finding.verdict == Verdict::Fail);
    Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn line(finding: &Finding) -> String {
    let verdict = match finding.verdict {
        Verdict::Ok => "ok  ",
        Verdict::Warn => "warn",
        Verdict::Fail => "FAIL",
    };
    format!("{verdict}  {:<16}{}\n", finding.name, finding.detail)
}
