//! What an agent can see: the arguments of bubblewrap and the environment inside. Decides, does nothing.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::{
    layout::{AgentPaths, Layout, SCRIPTS},
    programs::Programs,
};
use crate::AgentSpec;

/// Where our scripts and programs stand inside.
const INSIDE: &str = "/opt/aiworker";
/// What the host's programs and libraries live in. Some are symbolic links into `/usr` on most hosts.
const SYSTEM: [&str; 7] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
/// The parts of the host's `/etc` that programs cannot do without. None of them holds secrets.
const ETC: [&str; 31] = [
    "alternatives",
    "bash.bashrc",
    "bash_completion.d",
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "debian_version",
    "fonts",
    "gai.conf",
    "host.conf",
    "hosts",
    "inputrc",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "locale.alias",
    "locale.conf",
    "localtime",
    "mime.types",
    "networks",
    "nsswitch.conf",
    "os-release",
    "pki",
    "profile",
    "profile.d",
    "protocols",
    "resolv.conf",
    "services",
    "ssl",
    "terminfo",
    "timezone",
];
/// Parts of `/proc` that change the whole host. Bubblewrap covers them only where their folder itself is writable, and
/// to the kernel an agent of a server that runs as root is root there.
const READ_ONLY_PROC: [&str; 8] = [
    "/proc/sys",
    "/proc/sysrq-trigger",
    "/proc/irq",
    "/proc/bus",
    "/proc/fs",
    "/proc/scsi",
    "/proc/acpi",
    "/proc/mtrr",
];

/// The arguments of bubblewrap up to the command, which is the entrypoint.
pub(super) fn arguments(
    spec: &AgentSpec,
    layout: &Layout,
    paths: &AgentPaths,
    programs: &Programs,
    read_only: &[PathBuf],
) -> Vec<OsString> {
    let mut args = Arguments::default();
    args.words(["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]);
    // The entrypoint is the first process, as in a container: it gets SIGTERM and reaps orphans.
    args.words(["--new-session", "--as-pid-1", "--uid", "1000", "--gid", "1000", "--hostname", &spec.name]);
    for path in SYSTEM {
        args.system_path(Path::new(path));
    }
    for name in ETC {
        args.bind("--ro-bind-try", &Path::new("/etc").join(name), &Path::new("/etc").join(name));
    }
    for name in ["passwd", "group"] {
        args.bind("--ro-bind", &layout.support.join(name), &Path::new("/etc").join(name));
    }
    args.words([
        "--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp", "--perms", "1777", "--tmpfs",
        "/var/tmp",
    ]);
    for path in read_only {
        args.bind("--ro-bind-try", path, path);
    }
    args.hide_data(&layout.data, read_only);
    for path in READ_ONLY_PROC {
        args.bind("--ro-bind-try", Path::new(path), Path::new(path));
    }
    for (name, ..) in SCRIPTS {
        args.bind("--ro-bind", &layout.support.join(name), &Path::new(INSIDE).join(name));
    }
    for (name, program, how) in [
        ("ttyd", &programs.ttyd, "--ro-bind"),
        ("tmux", &programs.tmux, "--ro-bind"),
        // The file of a running server may be replaced by that of its next version.
        ("aiworker", &programs.aiworker, "--ro-bind-try"),
    ] {
        if let Some(program) = program {
            args.bind(how, program, &Path::new(INSIDE).join("bin").join(name));
        }
    }
    args.bind("--bind", &paths.workspace, Path::new("/workspace"));
    args.bind("--bind", &paths.home, Path::new("/home/agent"));
    args.bind("--bind", &paths.run, Path::new("/run/agent"));
    args.words(["--remount-ro", "/", "--chdir", "/workspace", "--clearenv"]);
    for (name, value) in environment_inside(spec) {
        args.words(["--setenv", &name, &value]);
    }
    args.0
}

/// The entrypoint as the agent sees it.
pub(super) fn entrypoint() -> PathBuf {
    Path::new(INSIDE).join("entrypoint.sh")
}

fn environment_inside(spec: &AgentSpec) -> BTreeMap<String, String> {
    let mut environment = common_environment(spec);
    let fixed = [
        (
            "PATH",
            "/opt/aiworker/bin:/home/agent/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ),
        ("HOME", "/home/agent"),
        ("USER", "agent"),
        ("LOGNAME", "agent"),
        ("AIWORKER_WORKSPACE", "/workspace"),
        ("AIWORKER_RUN", "/run/agent"),
    ];
    environment.extend(fixed.map(|(name, value)| (name.to_owned(), value.to_owned())));
    environment
}

/// The environment of an agent that runs without a sandbox.
pub(super) fn environment_outside(
    spec: &AgentSpec,
    paths: &AgentPaths,
    programs: &Programs,
) -> BTreeMap<String, String> {
    let folders = [&programs.ttyd, &programs.tmux, &programs.git, &programs.bash, &programs.aiworker];
    let mut search: Vec<_> = folders.into_iter().flatten().filter_map(|p| p.parent()).map(Path::to_path_buf).collect();
    search.extend(["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"].map(PathBuf::from));
    search.dedup();
    let search = std::env::join_paths(search).unwrap_or_default();
    let mut environment = common_environment(spec);
    let text = |path: &Path| path.to_string_lossy().into_owned();
    environment.extend([
        ("PATH".to_owned(), search.to_string_lossy().into_owned()),
        ("HOME".to_owned(), text(&paths.home)),
        ("TMPDIR".to_owned(), text(&paths.temporary)),
        ("AIWORKER_WORKSPACE".to_owned(), text(&paths.workspace)),
        ("AIWORKER_RUN".to_owned(), text(&paths.run)),
    ]);
    environment
}

/// What tells an agent's processes from all others where there is no sandbox.
pub(super) fn mark(id: domain::AgentId) -> (String, String) {
    ("AIWORKER_AGENT_ID".to_owned(), id.to_string())
}

fn common_environment(spec: &AgentSpec) -> BTreeMap<String, String> {
    let mut environment = spec.env.clone();
    let (mark, id) = mark(spec.id);
    let ours = [
        ("SHELL", "/bin/bash"),
        ("LANG", "C.UTF-8"),
        ("AIWORKER_AGENT_NAME", &spec.name),
        ("GIT_USER_NAME", &spec.git_identity.name),
        ("GIT_USER_EMAIL", &spec.git_identity.email),
        ("START_COMMAND", &spec.start_command),
        ("AIWORKER_MODE", spec.mode.as_str()),
    ];
    environment.extend(ours.map(|(name, value)| (name.to_owned(), value.to_owned())));
    if let Some(repository) = &spec.repository {
        environment.insert("REPOSITORY_URL".to_owned(), repository.url.clone());
        environment.insert("REPOSITORY_BRANCH".to_owned(), repository.branch.clone());
    }
    environment.insert(mark, id);
    environment
}

#[derive(Default)]
struct Arguments(Vec<OsString>);

impl Arguments {
    fn words<const N: usize>(&mut self, words: [&str; N]) {
        self.0.extend(words.map(OsString::from));
    }

    fn bind(&mut self, how: &str, from: &Path, to: &Path) {
        self.0.extend([OsString::from(how), from.into(), to.into()]);
    }

    fn system_path(&mut self, path: &Path) {
        match path.read_link() {
            Ok(target) => self.0.extend([OsString::from("--symlink"), target.into(), path.into()]),
            Err(_) => self.bind("--ro-bind-try", path, path),
        }
    }

    /// The data folder may lie inside something that is shown.
    fn hide_data(&mut self, data: &Path, read_only: &[PathBuf]) {
        let shown = SYSTEM.iter().map(Path::new).chain(read_only.iter().map(PathBuf::as_path));
        if shown.into_iter().filter_map(|path| path.canonicalize().ok()).any(|path| data.starts_with(path)) {
            self.0.extend([OsString::from("--tmpfs"), data.into()]);
        }
    }
}
