//! `make run`: build what changed, make two administrators, serve.

use std::env;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::commands::{cargo, root, step, target};
use crate::site;

const ADMINS: [(&str, &str); 2] =
    [("superadmin@catalyst.test", "superadmin"), ("sovereign@catalyst.test", "sovereign-admin")];
const DEFAULT_LISTEN: &str = "127.0.0.1:3000";
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn run() -> Result<()> {
    let listen = listen();
    if TcpListener::bind(&listen).is_err_and(|error| error.kind() == ErrorKind::AddrInUse) {
        bail!(
            "something listens at {listen} already. End it, or take another port: CATALYST_LISTEN=127.0.0.1:3001 make run"
        );
    }
    site::build(site::Mode::Development)?;
    step("the server", cargo().args(["build", "-p", "catalyst"]))?;
    for (email, role) in ADMINS {
        let what = format!("a development administrator: {email} is {role}");
        step(&what, server().args(["admin", "grant", email, role]))?;
    }
    println!("\n▸ catalyst serve (Ctrl-C ends it)");
    // The last lines are printed once the server answers, by a process that outlives this one.
    let announcer = r#""$0" announce &"#;
    Command::new("sh").args(["-c", announcer]).arg(env::current_exe()?).status()?;
    let error = server().arg("serve").exec();
    bail!("{} did not run: {error}", binary().display())
}

/// Where to go, once there is something there.
pub(crate) fn announce() {
    let listen = listen();
    let since = Instant::now();
    while TcpStream::connect(&listen).is_err() {
        if since.elapsed() > PATIENCE {
            return;
        }
        sleep(Duration::from_millis(200));
    }
    sleep(Duration::from_millis(300)); // Behind the server's own first lines.
    let url = env::var("CATALYST_PUBLIC_URL").unwrap_or_else(|_| format!("http://{listen}"));
    let [(superadmin, _), (sovereign, _)] = ADMINS;
    println!("\nOpen       {url} (every mail that is sent can be read at {url}/dev/mail)");
    println!("Admins     {url}/sign-in as {superadmin} or {sovereign}: the link arrives at {url}/dev/mail");
    println!("Customer   {url}/sign-in as anybody else, or on the way through the checkout");
}

fn listen() -> String {
    env::var("CATALYST_LISTEN").unwrap_or_else(|_| DEFAULT_LISTEN.to_owned())
}

fn server() -> Command {
    let mut command = Command::new(binary());
    command.current_dir(root());
    for (name, default) in [("CATALYST_SITE_ROOT", site::root()), ("CATALYST_DATA_DIR", root().join(".data"))]
    {
        if env::var_os(name).is_none() {
            command.env(name, default);
        }
    }
    command
}

fn binary() -> PathBuf {
    target().join("debug/catalyst")
}
