//! What agents on this host need, looked at before anybody launches one. `aiworker doctor` prints it.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use super::{ProcessConfig, cgroup::Cgroups, programs};

/// One thing that agents on this host need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it is.
    pub outcome: Outcome,
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be; says what was found.
    Good(String),
    /// Agents run, but with less protection; says what is lost and how to mend it.
    Weaker(String),
    /// No agent can run; says how to mend it.
    Broken(String),
}

/// Looks at everything that agents on this host need. Blocks for some tens of milliseconds: it starts a sandbox that
/// does nothing, and makes and removes an empty control group.
pub fn preflight(config: &ProcessConfig) -> Vec<Check> {
    let programs = config.programs.required().into_iter().map(|(name, path)| {
        let outcome = match path {
            Some(path) if programs::is_program(path) => Outcome::Good(path.display().to_string()),
            _ => Outcome::Broken(programs::remedy(name).to_owned()),
        };
        Check { name, outcome }
    });
    let mut checks: Vec<_> = programs.collect();
    checks.push(Check { name: "sandbox", outcome: sandbox(config.programs.bwrap.as_deref()) });
    checks.push(Check { name: "limits", outcome: limits() });
    checks.push(Check { name: "user", outcome: user() });
    checks
}

/// Whether a sandbox can be made here, and if not, why.
pub(super) fn try_sandbox(bwrap: &Path) -> Result<(), String> {
    let mut probe = Command::new(bwrap);
    probe.args(["--unshare-user", "--unshare-pid", "--unshare-uts", "--uid", "1000", "--gid", "1000"]);
    probe.args(["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]);
    probe.stdin(Stdio::null()).stdout(Stdio::null());
    let output = probe.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("it ended without a word").to_owned())
}

fn sandbox(bwrap: Option<&Path>) -> Outcome {
    let Some(bwrap) = bwrap else { return Outcome::Weaker(programs::remedy("bwrap").to_owned()) };
    match try_sandbox(bwrap) {
        Ok(()) => Outcome::Good(format!("{} makes sandboxes", bwrap.display())),
        Err(why) => Outcome::Weaker(format!(
            "Agents run without a sandbox, because {} fails: {why}. Allow user namespaces (`sysctl kernel.unprivileged_userns_clone=1`, \
             or `sysctl kernel.apparmor_restrict_unprivileged_userns=0` on Ubuntu).",
            bwrap.display()
        )),
    }
}

fn limits() -> Outcome {
    let groups = Cgroups::detect("doctor");
    limits_that_hold(groups.memory(), groups.processes())
}

fn limits_that_hold(memory: bool, processes: bool) -> Outcome {
    let missing = match (memory, processes) {
        (true, true) => return Outcome::Good("memory and process limits hold".to_owned()),
        (true, false) => "process limits",
        (false, true) => "memory limits",
        (false, false) => "memory and process limits",
    };
    Outcome::Weaker(format!(
        "The {missing} of agents do not hold, because this user may not make control groups. Run the server as a systemd \
         service with `Delegate=yes`, or in `systemd-run --user --scope -p Delegate=yes`."
    ))
}

fn user() -> Outcome {
    if rustix::process::geteuid().is_root() {
        return Outcome::Weaker(
            "The server runs as root, and to the kernel so do its agents, though without any privilege inside their sandbox. \
             Run it as an ordinary user."
                .to_owned(),
        );
    }
    Outcome::Good("an ordinary user".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_do_not_hold_are_named_with_the_remedy() {
        assert!(matches!(limits_that_hold(true, true), Outcome::Good(_)));
        for (memory, processes, missing) in [
            (true, false, "The process limits"),
            (false, true, "The memory limits"),
            (false, false, "The memory and process limits"),
        ] {
            let Outcome::Weaker(text) = limits_that_hold(memory, processes) else { panic!("{missing} are missing") };
            assert!(text.starts_with(missing) && text.contains("Delegate=yes"), "{text}");
        }
    }
}
