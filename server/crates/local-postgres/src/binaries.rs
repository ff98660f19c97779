//! Where the server's programs are.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

pub(crate) const OLDEST_MAJOR: u32 = 15;
const OVERRIDE: &str = "CATALYST_PG_BIN";

/// A client program such as `pg_dump`: beside the newest server that is installed, or else on PATH.
pub fn program(name: &str) -> PathBuf {
    let beside = Binaries::find(None).map(|found| found.path(name)).ok().filter(|path| path.is_file());
    beside.unwrap_or_else(|| PathBuf::from(name))
}

#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    pub(crate) folder: PathBuf,
    pub(crate) major: u32,
}

impl Binaries {
    /// The programs of one major version (a cluster can be served by no other), or of the newest.
    pub(crate) fn find(wanted: Option<u32>) -> Result<Binaries> {
        if let Some(folder) = env::var_os(OVERRIDE).filter(|value| !value.is_empty()) {
            let folder = PathBuf::from(folder);
            let Some(found) = Binaries::in_folder(&folder) else {
                bail!(
                    "{OVERRIDE}={} holds no PostgreSQL server: it must name the folder that has initdb, \
                     pg_ctl and postgres, for example /usr/lib/postgresql/15/bin",
                    folder.display()
                );
            };
            return found.fitting(wanted);
        }
        let mut all: Vec<Binaries> = candidates().iter().filter_map(|f| Binaries::in_folder(f)).collect();
        all.sort_by_key(|found| std::cmp::Reverse(found.major));
        if let Some(fitting) = all.iter().find(|found| wanted.is_none_or(|major| major == found.major)) {
            return fitting.clone().fitting(wanted);
        }
        match (wanted, all.first()) {
            (Some(_), Some(other)) => other.clone().fitting(wanted),
            _ => bail!(
                "no PostgreSQL server was found (initdb, pg_ctl, postgres, version {OLDEST_MAJOR} or newer). \
                 Install it with: apt-get install -y --no-install-recommends postgresql — or name its folder \
                 in {OVERRIDE}, for example /usr/lib/postgresql/15/bin"
            ),
        }
    }

    pub(crate) fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    /// psql may be packaged apart from the server.
    pub(crate) fn psql(&self) -> PathBuf {
        let beside = self.path("psql");
        if beside.is_file() { beside } else { PathBuf::from("psql") }
    }

    fn in_folder(folder: &Path) -> Option<Binaries> {
        if !["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).is_file()) {
            return None;
        }
        let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
        let major = parse_major(&String::from_utf8_lossy(&output.stdout))?;
        Some(Binaries { folder: folder.to_path_buf(), major })
    }

    fn fitting(self, wanted: Option<u32>) -> Result<Binaries> {
        if self.major < OLDEST_MAJOR {
            bail!(
                "PostgreSQL {} in {} is too old: version {OLDEST_MAJOR} or newer is needed. Install it with: \
                 apt-get install -y --no-install-recommends postgresql",
                self.major,
                self.folder.display()
            );
        }
        match wanted {
            Some(major) if major != self.major => bail!(
                "the database folder was made by PostgreSQL {major}, and only version {} was found. Install the \
                 other with: apt-get install -y --no-install-recommends postgresql-{major} — or name its programs' \
                 folder in {OVERRIDE}",
                self.major
            ),
            _ => Ok(self),
        }
    }
}

fn candidates() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    for parent in ["/usr/lib/postgresql", "/usr/local/lib/postgresql"] {
        if let Ok(versions) = fs::read_dir(parent) {
            folders.extend(versions.flatten().map(|version| version.path().join("bin")));
        }
    }
    if let Some(path) = env::var_os("PATH") {
        // The programs find their libraries beside where they really are, so links are followed.
        let real = env::split_paths(&path).filter_map(|folder| folder.join("postgres").canonicalize().ok());
        folders.extend(real.filter_map(|program| program.parent().map(Path::to_path_buf)));
    }
    folders
}

/// `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)` → 15
fn parse_major(version: &str) -> Option<u32> {
    let number = version.split_whitespace().nth(2)?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::parse_major;

    #[test]
    fn the_major_version_is_read_from_what_postgres_says() {
        assert_eq!(parse_major("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)"), Some(15));
        assert_eq!(parse_major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_major("bash: postgres: not found"), None);
    }
}
