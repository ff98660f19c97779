use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::binaries::Binaries;
use crate::identity::{RunAs, clear_client_settings};
use crate::socket;

const ROLE: &str = "catalyst";
const START_TIMEOUT_SECONDS: u64 = 120;
const READY_TIMEOUT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(50);

/// What a crash may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Nothing that was committed.
    Safe,
    /// Everything: the cluster exists for one test run and waits for no disk.
    Test,
}

/// A running cluster. Dropping it leaves the server running; `stop` ends it.
#[derive(Debug, Clone)]
pub struct LocalPostgres {
    dir: PathBuf,
    socket: PathBuf,
    binaries: Binaries,
    run_as: RunAs,
    started_here: bool,
}

impl LocalPostgres {
    /// Makes the cluster in `dir` if there is none and starts it if it does not run.
    pub fn start(dir: &Path, durability: Durability) -> Result<LocalPostgres> {
        let mut cluster = LocalPostgres::open(dir)?;
        let _lock = cluster.lock()?;
        if cluster.is_running() {
            cluster.wait_until_ready()?;
            return Ok(cluster);
        }
        if !cluster.data().join("PG_VERSION").is_file() {
            cluster.initialise(durability)?;
        }
        cluster.clear_the_way()?;
        cluster.write_settings(durability)?;
        cluster.launch()?;
        cluster.started_here = true;
        Ok(cluster)
    }

    /// The cluster in `dir` if it runs. Nothing is made or started.
    pub fn attach(dir: &Path) -> Result<Option<LocalPostgres>> {
        if !dir.join("data/PG_VERSION").is_file() {
            return Ok(None);
        }
        let cluster = LocalPostgres::open(dir)?;
        Ok(cluster.is_running().then_some(cluster))
    }

    /// Whether this value's `start` started the server, rather than found it running.
    pub fn started_here(&self) -> bool {
        self.started_here
    }

    pub fn is_running(&self) -> bool {
        socket::accepts_connections(&self.socket)
    }

    /// Ends the server: sessions are cut off, what was committed is kept.
    pub fn stop(&self) -> Result<()> {
        let _lock = self.lock()?;
        if !self.is_running() {
            return Ok(());
        }
        let output = self
            .run_as
            .command(&self.binaries.path("pg_ctl"))
            .args(["-w", "-s", "-m", "fast", "-D"])
            .arg(self.data())
            .arg("stop")
            .output();
        self.expect_success(output, "pg_ctl stop")?;
        Ok(())
    }

    /// The superuser's URL of a database, over the socket, as sqlx and psql read it.
    pub fn url(&self, database: &str) -> String {
        let host = percent_encode(&self.socket.to_string_lossy());
        format!("postgres://{ROLE}@localhost/{}?host={host}", percent_encode(database))
    }

    pub fn socket_folder(&self) -> &Path {
        &self.socket
    }

    pub fn create_database_if_missing(&self, name: &str) -> Result<()> {
        let _lock = self.lock()?;
        let text = name.replace('\'', "''");
        let found =
            self.psql("postgres", &["-tAc", &format!("select 1 from pg_database where datname = '{text}'")])?;
        if found.trim() != "1" {
            let identifier = name.replace('"', "\"\"");
            self.psql("postgres", &["-qc", &format!("create database \"{identifier}\"")])?;
        }
        Ok(())
    }

    /// Runs psql on a database, stopping at the first error, and gives what it printed.
    pub fn psql(&self, database: &str, args: &[&str]) -> Result<String> {
        let mut command = Command::new(self.binaries.psql());
        clear_client_settings(&mut command);
        let output = command
            .args(["-X", "-v", "ON_ERROR_STOP=1", "-U", ROLE, "-d", database, "-h"])
            .arg(&self.socket)
            .args(args)
            .env("LC_ALL", "C.UTF-8")
            .output()
            .context("psql did not run. Install it with: apt-get install -y postgresql-client")?;
        if !output.status.success() {
            bail!("psql {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn open(dir: &Path) -> Result<LocalPostgres> {
        let dir = std::path::absolute(dir)?;
        // Root's `postgres` fallback needs to pass through the folder to its own inside it.
        fs::create_dir_all(&dir)
            .with_context(|| format!("the folder {} could not be made", dir.display()))?;
        let data = dir.join("data");
        let run_as = RunAs::choose(&dir, &data)?;
        if !run_as.is_postgres_user() {
            socket::make_private(&dir, run_as)?;
        }
        let made_by = fs::read_to_string(data.join("PG_VERSION")).ok();
        let binaries = Binaries::find(made_by.and_then(|text| text.trim().parse().ok()))?;
        let socket = socket::folder(&dir, run_as)?;
        Ok(LocalPostgres { dir, socket, binaries, run_as, started_here: false })
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    fn log(&self) -> PathBuf {
        self.data().join("server.log")
    }

    fn lock(&self) -> Result<File> {
        let path = self.dir.join("lock");
        let file = File::create(&path).with_context(|| format!("{} could not be opened", path.display()))?;
        file.lock().with_context(|| format!("{} could not be locked", path.display()))?;
        Ok(file)
    }

    /// initdb into a folder beside the real one: a half-made cluster is never taken for a whole one.
    fn initialise(&self, durability: Durability) -> Result<()> {
        let fresh = self.dir.join("data.new");
        if fresh.exists() {
            fs::remove_dir_all(&fresh)
                .with_context(|| format!("{} could not be removed", fresh.display()))?;
        }
        socket::make_private(&fresh, self.run_as)?;
        let mut command = self.run_as.command(&self.binaries.path("initdb"));
        command.args(["-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-U", ROLE, "-D"]).arg(&fresh);
        if durability == Durability::Test {
            command.arg("--no-sync");
        }
        self.expect_success(command.output(), "initdb")?;
        let conf = fresh.join("postgresql.conf");
        let mut text = fs::read_to_string(&conf)?;
        text.push_str("\ninclude 'catalyst.conf'\n");
        fs::write(&conf, text)?;
        fs::rename(&fresh, self.data())?;
        Ok(())
    }

    fn write_settings(&self, durability: Durability) -> Result<()> {
        let socket = self.socket.to_string_lossy().replace('\'', "''");
        let mut text = format!(
            "# Written at each start.\n\
             listen_addresses = ''\n\
             unix_socket_directories = '\"{socket}\"'\n\
             unix_socket_permissions = 0700\n\
             log_line_prefix = '%m [%p] %d '\n"
        );
        if durability == Durability::Test {
            text.push_str(
                "fsync = off\n\
                 synchronous_commit = off\n\
                 full_page_writes = off\n\
                 wal_level = minimal\n\
                 max_wal_senders = 0\n\
                 max_connections = 300\n\
                 jit = off\n",
            );
        }
        let file = self.data().join("catalyst.conf");
        fs::write(&file, text).with_context(|| format!("{} could not be written", file.display()))?;
        self.run_as.give(&file)
    }

    /// A pid file may be left by a server that was killed, and its number may be another
    /// program's by now; or its server may be on its way out.
    fn clear_the_way(&self) -> Result<()> {
        let pid_file = self.data().join("postmaster.pid");
        let waiting_since = Instant::now();
        while let Ok(text) = fs::read_to_string(&pid_file) {
            let pid = text.lines().next().unwrap_or_default().trim().to_owned();
            if !Path::new("/proc/self").exists() {
                return Ok(()); // Without /proc, PostgreSQL's own check has to do.
            }
            let serves_this = fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == self.data());
            if !serves_this {
                fs::remove_file(&pid_file).ok();
                fs::remove_file(socket::lock_file(&self.socket)).ok();
                fs::remove_file(socket::file(&self.socket)).ok();
                return Ok(());
            }
            if waiting_since.elapsed() > READY_TIMEOUT {
                bail!("PostgreSQL process {pid} holds {} and does not answer", self.data().display());
            }
            sleep(POLL);
        }
        Ok(())
    }

    fn launch(&self) -> Result<()> {
        let output = self
            .run_as
            .command(&self.binaries.path("pg_ctl"))
            .args(["-w", "-s", "-t", &START_TIMEOUT_SECONDS.to_string(), "-D"])
            .arg(self.data())
            .arg("-l")
            .arg(self.log())
            .arg("start")
            .output();
        self.expect_success(output, "pg_ctl start")?;
        Ok(())
    }

    fn wait_until_ready(&self) -> Result<()> {
        let waiting_since = Instant::now();
        loop {
            match self.psql("postgres", &["-tAc", "select 1"]) {
                Ok(_) => return Ok(()),
                Err(error) if waiting_since.elapsed() > READY_TIMEOUT => {
                    return Err(error.context(self.where_to_look("PostgreSQL runs but does not answer")));
                }
                Err(_) => sleep(POLL),
            }
        }
    }

    fn expect_success(&self, output: std::io::Result<Output>, what: &str) -> Result<()> {
        let output = output.with_context(|| format!("{what} did not run"))?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        bail!("{}\n{}", self.where_to_look(&format!("{what} failed")), String::from_utf8_lossy(&said).trim())
    }

    fn where_to_look(&self, what: &str) -> String {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let last = &lines[lines.len().saturating_sub(10)..];
        format!("{what} ({} says:\n{})", self.log().display(), last.join("\n"))
    }
}

fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::percent_encode;

    #[test]
    fn a_path_becomes_one_query_value() {
        assert_eq!(percent_encode("/tmp/a b/ü"), "%2Ftmp%2Fa%20b%2F%C3%BC");
    }
}
