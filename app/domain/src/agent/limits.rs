//! What agents may use: by the operator's choice, or by what their launch says.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::validate::Checker;

/// Memory limits that may be chosen, in MiB.
pub const MEMORY_MIB: RangeInclusive<u32> = 256..=262_144;
/// Process limits that may be chosen.
pub const PROCESSES: RangeInclusive<u32> = 32..=32_768;

/// What an agent may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentLimits {
    /// Memory, in MiB.
    pub memory_mib: u32,
    /// Processes and threads at one time.
    pub processes: u32,
}

impl AgentLimits {
    /// What holds where nobody chose anything.
    pub const USUAL: Self = Self { memory_mib: 4096, processes: 1024 };
}

impl Default for AgentLimits {
    fn default() -> Self {
        Self::USUAL
    }
}

/// What a launch says of an agent's limits. What it leaves out is the operator's choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct WantedLimits {
    /// Memory, in MiB.
    pub memory_mib: Option<u32>,
    /// Processes and threads at one time.
    pub processes: Option<u32>,
}

impl WantedLimits {
    /// The limits that hold where the operator chose these.
    pub fn or(self, otherwise: AgentLimits) -> AgentLimits {
        AgentLimits {
            memory_mib: self.memory_mib.unwrap_or(otherwise.memory_mib),
            processes: self.processes.unwrap_or(otherwise.processes),
        }
    }

    /// Checks what is said.
    pub(super) fn check(self, checker: &mut Checker) {
        for (field, wanted, range, unit) in [
            ("limits.memory_mib", self.memory_mib, &MEMORY_MIB, "MiB"),
            ("limits.processes", self.processes, &PROCESSES, "processes"),
        ] {
            wanted.map(|wanted| checker.check(field, within(wanted, range, unit)));
        }
    }
}

fn within(value: u32, range: &RangeInclusive<u32>, unit: &str) -> Result<u32, String> {
    if range.contains(&value) {
        Ok(value)
    } else {
        Err(format!("Choose between {} and {} {unit}.", range.start(), range.end()))
    }
}
