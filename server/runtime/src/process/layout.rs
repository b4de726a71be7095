//! Where everything of an agent lies in the data folder, and what is laid there once for all agents.

use std::{
    fs::{self, DirBuilder},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use domain::AgentId;

/// The scripts that run inside, as they stand in `agent-image/`.
pub(super) const SCRIPTS: [(&str, &str, u32); 4] = [
    ("entrypoint.sh", include_str!(concat!(env!("OUT_DIR"), "/entrypoint.sh")), 0o755),
    ("attach.sh", include_str!(concat!(env!("OUT_DIR"), "/attach.sh")), 0o755),
    ("session.bash", include_str!(concat!(env!("OUT_DIR"), "/session.bash")), 0o644),
    ("tmux.conf", include_str!(concat!(env!("OUT_DIR"), "/tmux.conf")), 0o644),
];
/// What a sandbox has instead of the host's lists of users and groups.
const ETC: [(&str, &str, u32); 2] = [
    (
        "passwd",
        "root:x:0:0:root:/:/usr/sbin/nologin\nagent:x:1000:1000:agent:/home/agent:/bin/bash\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
        0o644,
    ),
    ("group", "root:x:0:\nagent:x:1000:\nnogroup:x:65534:\n", 0o644),
];
/// Folders with this prefix are on their way out.
const REMOVED: &str = ".removed-";

/// The data folder as the runtime uses it.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// The data folder, absolute and without symbolic links.
    pub data: PathBuf,
    /// Scripts and `etc` files for all agents. Its name changes with their content, so that running agents keep theirs.
    pub support: PathBuf,
}

/// The files and folders of one agent.
#[derive(Debug, Clone)]
pub(super) struct AgentPaths {
    /// Holds all others.
    pub root: PathBuf,
    /// `/workspace` inside.
    pub workspace: PathBuf,
    /// `/home/agent` inside.
    pub home: PathBuf,
    /// `/run/agent` inside: sockets, the terminal's password, notes from the scripts. Emptied at each start.
    pub run: PathBuf,
    /// What this runtime knows of the agent.
    pub state: PathBuf,
    /// What the launcher and bubblewrap write down.
    pub status: PathBuf,
    /// Locked for as long as the agent lives.
    pub lock: PathBuf,
    /// Is there once the terminal has answered in this life.
    pub answered: PathBuf,
    /// What the start-up printed.
    pub log: PathBuf,
    /// The arguments of bubblewrap, which hold the agent's environment.
    pub arguments: PathBuf,
    /// `TMPDIR` of an agent without a sandbox.
    pub temporary: PathBuf,
}

impl Layout {
    /// Makes the folders and writes the scripts.
    pub fn prepare(data: &Path) -> io::Result<Self> {
        private_folder(data)?;
        let data = data.canonicalize()?;
        let hash = SCRIPTS.iter().chain(&ETC).fold(FNV_OFFSET, |hash, (_, text, _)| fnv(hash, text.as_bytes()));
        let support = data.join("runtime").join(format!("{hash:016x}"));
        let layout = Self { data, support };
        private_folder(&layout.agents())?;
        for (name, text, mode) in SCRIPTS.iter().chain(&ETC) {
            write_once(&layout.support, name, text, *mode)?;
        }
        Ok(layout)
    }

    /// The folder of all agents.
    pub fn agents(&self) -> PathBuf {
        self.data.join("agents")
    }

    /// The paths of one agent, which need not exist.
    pub fn agent(&self, id: AgentId) -> AgentPaths {
        let root = self.agents().join(id.to_string());
        AgentPaths {
            workspace: root.join("workspace"),
            home: root.join("home"),
            run: root.join("run"),
            state: root.join("state.json"),
            status: root.join("status.json"),
            lock: root.join("lock"),
            answered: root.join("answered"),
            log: root.join("start.log"),
            arguments: root.join("arguments"),
            temporary: root.join("tmp"),
            root,
        }
    }

    /// Every agent that has a folder.
    pub fn ids(&self) -> io::Result<Vec<AgentId>> {
        let mut ids: Vec<AgentId> = Vec::new();
        for entry in fs::read_dir(self.agents())? {
            ids.extend(entry?.file_name().to_str().and_then(|name| name.parse::<AgentId>().ok()));
        }
        Ok(ids)
    }

    /// Where a folder is moved before it is deleted.
    pub fn removed(&self, id: AgentId) -> PathBuf {
        self.agents().join(format!("{REMOVED}{id}"))
    }

    /// Folders whose deletion was cut off.
    pub fn half_removed(&self) -> io::Result<Vec<PathBuf>> {
        let entries = fs::read_dir(self.agents())?.collect::<io::Result<Vec<_>>>()?;
        let is_ours = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.starts_with(REMOVED));
        Ok(entries.into_iter().filter(|e| is_ours(&e.file_name())).map(|e| e.path()).collect())
    }

    /// A short name of this installation, for things outside the data folder.
    pub fn installation(&self) -> String {
        format!("{:016x}", fnv(FNV_OFFSET, self.data.as_os_str().as_encoded_bytes()))
    }
}

impl AgentPaths {
    /// Makes the agent's folders.
    pub fn prepare(&self) -> io::Result<()> {
        for folder in [&self.root, &self.workspace, &self.home, &self.run, &self.temporary] {
            private_folder(folder)?;
        }
        Ok(())
    }
}

/// Makes a folder, and those above it, that nobody else can enter.
pub(super) fn private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Writes a file that only the server's user can read, in place of any older one and never half.
pub(super) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(content)?;
    fs::rename(&fresh, path)
}

fn write_once(folder: &Path, name: &str, text: &str, mode: u32) -> io::Result<()> {
    let path = folder.join(name);
    if fs::read_to_string(&path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    private_folder(folder)?;
    let fresh = folder.join(format!("{name}.new"));
    let _ = fs::remove_file(&fresh);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&fresh)?;
    file.write_all(text.as_bytes())?;
    drop(file);
    fs::rename(fresh, path)
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a: short names that stay the same from one version to the next, which the standard library's hash does not.
fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
