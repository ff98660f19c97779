use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command},
    thread,
    time::Duration,
};

use infra_checks::repository::write;

use crate::text;

/// A registry on a port of its own, for as long as it is held.
pub struct Registry {
    process: Child,
    port: u16,
}

impl Registry {
    pub fn start(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let data = folder.join("registry");
        let config = format!(
            "version: 0.1\nstorage: {{ filesystem: {{ rootdirectory: {} }} }}\nhttp: {{ addr: '127.0.0.1:{port}' }}\n",
            data.display()
        );
        write(&folder.join("registry.yml"), config);
        let log = fs::File::create(folder.join("registry.log")).unwrap();
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(folder.join("registry.yml"))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("docker-registry is missing. Install it with: scripts/setup test");
        // Dropped, and so ended, where it does not answer.
        let registry = Self { process, port };
        let answers = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        let came = (0..100).any(|_| {
            thread::sleep(Duration::from_millis(50));
            answers()
        });
        assert!(came, "docker-registry does not answer");
        registry
    }

    pub fn name(&self) -> String {
        format!("localhost:{}/catalyst", self.port)
    }

    pub fn tags(&self, repository: &str) -> String {
        let url = format!("http://localhost:{}/v2/catalyst/{repository}/tags/list", self.port);
        text(&Command::new("curl").args(["--silent", &url]).output().unwrap())
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
