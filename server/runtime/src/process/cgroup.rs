//! Limits on memory and processes through control groups, version 1 or 2, where this host lets us make some.
//!
//! An agent has a group with the limits and, inside it, one that its processes live in: the outer one is the root of
//! nothing the agent can mount, so that it cannot raise its own limits.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use domain::{AgentId, AgentLimits};

/// The group that an agent's processes live in.
const INNER: &str = "agent";
/// The groups of this installation.
#[derive(Debug, Clone, Default)]
pub(super) struct Cgroups {
    hierarchies: Vec<Hierarchy>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Hierarchy {
    /// The folder of this installation's groups.
    folder: PathBuf,
    version: Version,
    memory: bool,
    processes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// A line of `/proc/self/mountinfo` about control groups.
#[derive(Debug, PartialEq, Eq)]
struct Mount {
    version: Version,
    /// The group that the mount shows at its top.
    root: String,
    at: PathBuf,
    controllers: Vec<String>,
}

impl Cgroups {
    /// Finds out by trying whether groups can be made here.
    pub fn detect(installation: &str) -> Self {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let name = format!("aiworker-{installation}");
        let mut hierarchies: Vec<Hierarchy> = Vec::new();
        for mount in mounts.lines().filter_map(parse_mount) {
            let Some(group) = own_group(&own, &mount) else { continue };
            for parent in candidates(&mount, &group) {
                let Some(found) = try_hierarchy(&parent.join(&name), mount.version, &mount.controllers) else {
                    continue;
                };
                hierarchies.push(found);
                break;
            }
        }
        Self { hierarchies }
    }

    /// Whether memory limits hold.
    pub fn memory(&self) -> bool {
        self.hierarchies.iter().any(|h| h.memory)
    }

    /// Whether process limits hold.
    pub fn processes(&self) -> bool {
        self.hierarchies.iter().any(|h| h.processes)
    }

    /// Makes the agent's groups and sets its limits. Returns the files to write a process's number to.
    pub fn create(&self, id: AgentId, limits: AgentLimits) -> io::Result<Vec<PathBuf>> {
        let mut joins = Vec::new();
        for hierarchy in &self.hierarchies {
            let group = hierarchy.group(id);
            hierarchy.make_group(&group)?;
            if hierarchy.memory {
                hierarchy.limit_memory(&group, u64::from(limits.memory_mib) << 20)?;
            }
            if hierarchy.processes {
                fs::write(group.join("pids.max"), limits.processes.to_string())?;
            }
            make(&group.join(INNER))?;
            joins.push(group.join(INNER).join("cgroup.procs"));
        }
        Ok(joins)
    }

    /// How many of the agent's processes the kernel ended because of its memory limit.
    pub fn out_of_memory_kills(&self, id: AgentId) -> u64 {
        let counts = self.hierarchies.iter().filter(|h| h.memory).map(|hierarchy| {
            // Version 2 counts for the whole subtree, version 1 for each group by itself.
            let (group, file) = match hierarchy.version {
                Version::One => (hierarchy.group(id).join(INNER), "memory.oom_control"),
                Version::Two => (hierarchy.group(id), "memory.events"),
            };
            let text = fs::read_to_string(group.join(file)).unwrap_or_default();
            text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok()).unwrap_or(0)
        });
        counts.max().unwrap_or(0)
    }

    /// Every process of the agent, as the host numbers them.
    pub fn members(&self, id: AgentId) -> Vec<u32> {
        let read = |h: &Hierarchy| fs::read_to_string(h.group(id).join(INNER).join("cgroup.procs")).unwrap_or_default();
        self.hierarchies
            .iter()
            .flat_map(|h| read(h).lines().filter_map(|line| line.parse().ok()).collect::<Vec<_>>())
            .collect()
    }

    /// Deletes the agent's groups; `false` when the kernel still holds one, as it does for a moment after the last
    /// process in it was reaped.
    pub fn remove(&self, id: AgentId) -> io::Result<bool> {
        let mut all_gone = true;
        for hierarchy in &self.hierarchies {
            all_gone &= remove_tree(&hierarchy.group(id))?;
        }
        Ok(all_gone)
    }

    /// Removes this installation's own groups, unless an agent has one. They are made anew for the next.
    pub fn remove_unused(&self) {
        for hierarchy in &self.hierarchies {
            let _ = fs::remove_dir(&hierarchy.folder);
        }
    }

    /// Every agent that has a group.
    pub fn ids(&self) -> Vec<AgentId> {
        let entries = self.hierarchies.iter().filter_map(|h| fs::read_dir(&h.folder).ok()).flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
    }
}

impl Hierarchy {
    /// Makes an agent's group and what it stands in. Another agent's end may remove the latter in between.
    fn make_group(&self, group: &Path) -> io::Result<()> {
        loop {
            prepare(&self.folder, self.version)?;
            match make(group) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => return other,
            }
        }
    }

    fn group(&self, id: AgentId) -> PathBuf {
        self.folder.join(id.to_string())
    }

    fn limit_memory(&self, group: &Path, bytes: u64) -> io::Result<()> {
        let bytes = bytes.to_string();
        match self.version {
            Version::One => {
                // A group that is used again may hold a lower limit for memory and swap together, which must not be
                // passed on the way up: lift it first. It is absent where the kernel does not account for swap.
                let with_swap = group.join("memory.memsw.limit_in_bytes");
                let _ = fs::write(&with_swap, "-1");
                fs::write(group.join("memory.limit_in_bytes"), &bytes)?;
                let _ = fs::write(&with_swap, &bytes);
            }
            Version::Two => {
                fs::write(group.join("memory.max"), &bytes)?;
                // Absent without swap.
                let _ = fs::write(group.join("memory.swap.max"), "0");
            }
        }
        Ok(())
    }
}

/// Where groups may be made. In version 2 a group that has processes of its own cannot limit its children, and the
/// server is a process of its own group: so beside it first.
fn candidates(mount: &Mount, group: &str) -> Vec<PathBuf> {
    let own = mount.at.join(group.trim_start_matches('/'));
    let above = own.parent().filter(|parent| parent.starts_with(&mount.at)).map(Path::to_path_buf);
    match mount.version {
        Version::One => vec![own, mount.at.clone()],
        Version::Two => above.into_iter().chain([own]).collect(),
    }
}

fn try_hierarchy(folder: &Path, version: Version, controllers: &[String]) -> Option<Hierarchy> {
    let found = (|| {
        prepare(folder, version).ok()?;
        let probe = folder.join("probe");
        make(&probe).ok()?;
        let writable = |name: &str| fs::OpenOptions::new().write(true).open(probe.join(name)).is_ok();
        let has = |name: &str| version == Version::Two || controllers.iter().any(|c| c == name);
        let memory_file = if version == Version::One { "memory.limit_in_bytes" } else { "memory.max" };
        let found = Hierarchy {
            folder: folder.to_path_buf(),
            version,
            memory: has("memory") && writable(memory_file),
            processes: has("pids") && writable("pids.max"),
        };
        let joinable = writable("cgroup.procs");
        let _ = fs::remove_dir(&probe);
        (joinable && (found.memory || found.processes)).then_some(found)
    })();
    // Refused while agents of an earlier server have groups in it.
    let _ = fs::remove_dir(folder);
    found
}

/// Makes the folder of this installation's groups, and lets them have limits.
fn prepare(folder: &Path, version: Version) -> io::Result<()> {
    make(folder)?;
    if version == Version::Two {
        // The parent's may be set already, or be somebody else's to set; trying it out has told.
        for above in [folder.parent().unwrap_or(folder), folder] {
            let _ = fs::write(above.join("cgroup.subtree_control"), "+memory +pids");
        }
    }
    Ok(())
}

fn parse_mount(line: &str) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let mut before = before.split(' ').skip(3);
    let (root, at) = (before.next()?.to_owned(), PathBuf::from(before.next()?));
    let mut after = after.split(' ');
    let version = match after.next()? {
        "cgroup" => Version::One,
        "cgroup2" => Version::Two,
        _ => return None,
    };
    let controllers: Vec<_> = after.nth(1)?.split(',').map(str::to_owned).collect();
    let useful = version == Version::Two || controllers.iter().any(|c| c == "memory" || c == "pids");
    useful.then_some(Mount { version, root, at, controllers })
}

/// This process's group in a hierarchy, as seen from the mount's top.
fn own_group(own: &str, mount: &Mount) -> Option<String> {
    let path = own.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (number, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        let fits = match mount.version {
            Version::Two => number == "0",
            Version::One => controllers.split(',').any(|c| mount.controllers.iter().any(|m| m == c)),
        };
        fits.then_some(path)
    })?;
    // Inside a container the mount may begin at the container's group.
    Some(path.strip_prefix(mount.root.trim_end_matches('/')).unwrap_or(path).to_owned())
}

fn make(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn remove_tree(group: &Path) -> io::Result<bool> {
    if let Ok(entries) = fs::read_dir(group) {
        for entry in entries.flatten().filter(|e| e.file_type().is_ok_and(|kind| kind.is_dir())) {
            remove_tree(&entry.path())?;
        }
    }
    match fs::remove_dir(group) {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => Ok(false),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_of_both_versions_are_understood() {
        let one =
            parse_mount("35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:1 - cgroup cgroup rw,memory").unwrap();
        assert_eq!((one.version, one.at.to_str()), (Version::One, Some("/sys/fs/cgroup/memory")));
        let two = parse_mount("30 23 0:26 /x /sys/fs/cgroup rw - cgroup2 cgroup rw,nsdelegate").unwrap();
        assert_eq!((two.version, two.root.as_str()), (Version::Two, "/x"));
        assert_eq!(parse_mount("32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu"), None);
        assert_eq!(parse_mount("22 1 0:5 / /proc rw - proc proc rw"), None);

        let own = "8:pids:/\n4:memory:/a/b\n0::/x/app.slice/run.scope\n";
        assert_eq!(own_group(own, &one).as_deref(), Some("/a/b"));
        let group = own_group(own, &two).unwrap();
        assert_eq!(group, "/app.slice/run.scope");
        let beside = candidates(&two, &group);
        assert_eq!(beside[0], Path::new("/sys/fs/cgroup/app.slice"));
        assert_eq!(candidates(&one, "/").first().map(PathBuf::as_path), Some(Path::new("/sys/fs/cgroup/memory/")));
    }
}
