//! Processes on cores of their own, and what the kernel says that they use.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use tokio::time::{sleep, timeout};

const SERVER_CORE: &str = "0";
const BOTH_CORES: &str = "0,1";
/// Whether the load has a core of its own.
static APART: AtomicBool = AtomicBool::new(false);
/// Where load and PostgreSQL are.
const LOAD_CORE: &str = "1";
const OPEN_FILES: u32 = 8192;
/// The unit of CPU time in /proc, on every Linux that there is.
const TICKS_A_SECOND: f64 = 100.0;
const PATIENCE: Duration = Duration::from_secs(60);

/// Until then nobody has a core of their own.
///
/// Moves this process, and so whatever it starts, to the core that the server is not on; lets both hold
/// as many connections as the benchmark needs.
pub fn take_the_load_core() -> Result<()> {
    let own = std::process::id().to_string();
    let pin = ["--cpu-list", "--pid", LOAD_CORE, &own];
    let files = format!("--nofile={OPEN_FILES}:{OPEN_FILES}");
    for command in [Command::new("taskset").args(pin), Command::new("prlimit").args(["--pid", &own, &files])]
    {
        let done = command.stdout(Stdio::null()).status().context("util-linux is not installed")?;
        ensure!(done.success(), "two cores and {OPEN_FILES} open files are needed");
    }
    APART.store(true, Ordering::Relaxed);
    Ok(())
}

/// A server, killed with the value.
pub struct Process {
    child: Child,
    pub url: String,
}

impl Process {
    /// Starts it and waits until it answers at `ready`. Its environment is what the command sets.
    pub async fn start(command: &Command, url: String, ready: &str, log: &Path) -> Result<Self> {
        let log_file = File::create(log)?;
        let cores = if APART.load(Ordering::Relaxed) { SERVER_CORE } else { BOTH_CORES };
        let child = Command::new("taskset")
            .args(["--cpu-list", cores])
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear()
            .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .stdout(Stdio::null())
            .stderr(log_file)
            .spawn()?;
        let process = Self { child, url };
        let address = format!("{}{ready}", process.url);
        let answers = async {
            while !reqwest::get(&address).await.is_ok_and(|reply| reply.status().is_success()) {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, answers)
            .await
            .with_context(|| format!("nobody answers at {address}; see {}", log.display()))?;
        Ok(process)
    }

    /// Seconds of CPU time until now.
    pub fn cpu_seconds(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The second field is a name that may hold spaces; user and system time are the 14th and 15th.
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
        Ok(ticks.sum::<Result<f64, _>>()? / TICKS_A_SECOND)
    }

    /// Resident memory now, in MB.
    pub fn memory(&self) -> Result<f64> {
        self.status("VmRSS:")
    }

    /// The most resident memory that it had, in MB.
    pub fn memory_peak(&self) -> Result<f64> {
        self.status("VmHWM:")
    }

    fn status(&self, field: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        kilobytes(&status, field).map(|number| number / 1000.0 * 1.024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A line such as `VmRSS:  1234 kB`, as the kernel writes them: its kB are 1024 bytes.
pub fn kilobytes(text: &str, field: &str) -> Result<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    number.with_context(|| format!("the kernel does not say {field}"))?.parse().map_err(Into::into)
}
