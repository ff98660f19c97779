//! `catalyst healthcheck`: asks the server at CATALYST_LISTEN whether it is alive.

use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::Config;

const TIMEOUT: Duration = Duration::from_secs(5);

pub(super) fn run(config: &Config) -> Result<()> {
    let listen = config.http.listen;
    let ip = if listen.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { listen.ip() };
    let address = SocketAddr::new(ip, listen.port());
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)
        .with_context(|| format!("nobody answers at {address}"))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).with_context(|| format!("{address} does not answer in time"))?;
    let first = answer.lines().next().unwrap_or_default();
    if !first.contains(" 200 ") {
        bail!("{address} answers: {first}");
    }
    println!("ok");
    Ok(())
}
