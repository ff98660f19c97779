//! The real program as a process of its own, on the database of a test.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::time::{sleep, timeout};

use crate::world::World;

const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until a server answers.
pub async fn ready(url: &str) {
    let address = format!("{url}/readyz");
    let answers = async {
        while !reqwest::get(&address).await.is_ok_and(|reply| reply.status().is_success()) {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, answers).await.expect("the program answers");
}

/// `catalyst serve`; killed with the value.
pub struct Program {
    child: Child,
    pub url: String,
}

impl Program {
    /// Starts it with these settings besides its own, and waits until it answers.
    pub async fn start(world: &World, settings: &[(&str, &str)]) -> Self {
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_catalyst"))
            .arg("serve")
            .env("CATALYST_DATABASE_URL", world.database_url())
            .env("CATALYST_DATA_DIR", &world.app.config.data_dir)
            .env("CATALYST_LISTEN", listen.to_string())
            .env("CATALYST_LIMIT_REDEMPTIONS_PER_IP", "off")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let program = Self { child, url: format!("http://{listen}") };
        ready(&program.url).await;
        program
    }

    /// SIGKILL: nothing is finished, nothing is tidied up.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM: what was begun is finished.
    pub async fn end(mut self) {
        let kill = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(kill.success());
        let ended = async {
            while self.child.try_wait().unwrap().is_none() {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, ended).await.expect("the program ends");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
