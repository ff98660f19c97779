//! PostgreSQL refuses to run as root. Root therefore runs it in a user namespace, where it is
//! nobody in particular and its files stay root's; where namespaces are forbidden, as `postgres`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

const UNSHARE: [&str; 4] = ["--user", "--map-user=1000", "--map-group=1000", "--"];
const SETPRIV: [&str; 3] = ["--reuid=postgres", "--regid=postgres", "--init-groups"];
/// Lets the server reach a folder below one that is root's alone, such as /root.
const REACH: [&str; 2] = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunAs {
    Ourselves,
    Namespace,
    PostgresUser { reaching: bool },
}

impl RunAs {
    /// What made an existing data folder must serve it too, and its owner tells which that was.
    pub(crate) fn choose(dir: &Path, data: &Path) -> Result<RunAs> {
        if current_user()? != 0 {
            return Ok(RunAs::Ourselves);
        }
        let made_by_postgres = fs::metadata(data).is_ok_and(|existing| existing.uid() != 0);
        if !made_by_postgres && succeeds(Command::new("unshare").args(UNSHARE).arg("true")) {
            return Ok(RunAs::Namespace);
        }
        for reaching in [false, true] {
            let as_postgres = RunAs::PostgresUser { reaching };
            if succeeds(as_postgres.command(Path::new("stat")).arg(dir.join("."))) {
                return Ok(as_postgres);
            }
        }
        bail!(
            "PostgreSQL does not run as root, and neither a user namespace (unshare --user) nor the user \
             `postgres` is to be had. Run this as another user, or: apt-get install -y util-linux postgresql-common"
        )
    }

    pub(crate) fn command(self, program: &Path) -> Command {
        let mut command = match self {
            RunAs::Ourselves => Command::new(program),
            RunAs::Namespace => wrapped("unshare", &UNSHARE, program),
            RunAs::PostgresUser { reaching: false } => {
                wrapped("setpriv", &[&SETPRIV[..], &["--"]].concat(), program)
            }
            RunAs::PostgresUser { reaching: true } => {
                wrapped("setpriv", &[&SETPRIV[..], &REACH, &["--"]].concat(), program)
            }
        };
        clear_client_settings(&mut command);
        command.env("LC_ALL", "C.UTF-8").env_remove("LANGUAGE").stdin(Stdio::null());
        command
    }

    pub(crate) fn is_postgres_user(self) -> bool {
        matches!(self, RunAs::PostgresUser { .. })
    }

    /// What the server works with belongs to whoever it runs as.
    pub(crate) fn give(self, folder: &Path) -> Result<()> {
        if !self.is_postgres_user() {
            return Ok(());
        }
        let done = succeeds(Command::new("chown").arg("postgres:postgres").arg(folder));
        if done { Ok(()) } else { bail!("{} could not be given to the user postgres", folder.display()) }
    }
}

/// A user's PGHOST, PGUSER and the rest must not redirect what is meant for this cluster.
pub(crate) fn clear_client_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("PG")) {
            command.env_remove(name);
        }
    }
}

pub(crate) fn current_user() -> Result<u32> {
    if let Ok(own) = fs::metadata("/proc/self") {
        return Ok(own.uid());
    }
    let output = Command::new("id").arg("-u").output().context("`id -u` did not run")?;
    String::from_utf8_lossy(&output.stdout).trim().parse().context("`id -u` gave no number")
}

fn wrapped(wrapper: &str, args: &[&str], program: &Path) -> Command {
    let mut command = Command::new(wrapper);
    command.args(args).arg(AsRef::<OsStr>::as_ref(program));
    command
}

fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
