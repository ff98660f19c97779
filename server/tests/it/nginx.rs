//! A real nginx before several servers.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
};

pub fn nginx(folder: &Path, front: u16, ports: &[u16]) -> Child {
    let servers: String =
        ports.iter().map(|port| format!("server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;\n")).collect();
    let here = folder.display();
    let text = format!(
        "daemon off;\nmaster_process off;\npid {here}/nginx.pid;\nerror_log {here}/nginx.log;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\naccess_log off;\n\
         client_body_temp_path {here}/nginx-body;\nproxy_temp_path {here}/nginx-proxy;\n\
         fastcgi_temp_path {here}/nginx-1;\nuwsgi_temp_path {here}/nginx-2;\nscgi_temp_path {here}/nginx-3;\n\
         upstream catalyst {{\n{servers}}}\n\
         server {{\nlisten 127.0.0.1:{front} backlog=2048;\nlocation / {{\nproxy_pass http://catalyst;\n\
         proxy_http_version 1.1;\nproxy_set_header Connection \"\";\nproxy_set_header Host $http_host;\n\
         proxy_set_header X-Forwarded-For $remote_addr;\nproxy_buffering off;\nproxy_read_timeout 60s;\n\
         }}\n}}\n}}\n"
    );
    let path = folder.join("nginx.conf");
    fs::write(&path, text).unwrap();
    Command::new("nginx")
        .arg("-c")
        .arg(&path)
        .arg("-p")
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("nginx is missing. Install it with: apt-get install -y --no-install-recommends nginx-light")
}
