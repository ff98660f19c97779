//! Where the server listens and how it is reached.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use ipnet::IpNet;

use super::{
    Audience,
    reader::{Reader, Variable, variable},
};

const LISTEN: Variable = variable("CATALYST_LISTEN", "an address and a port", "127.0.0.1:3000");
pub(super) const PUBLIC_URL: Variable = variable(
    "CATALYST_PUBLIC_URL",
    "the address that people type, http:// or https://, without a path",
    "https://marketplace.example.om",
);
const SITE_ROOT: Variable =
    variable("CATALYST_SITE_ROOT", "the folder that the build made: it holds hash.txt", "/opt/catalyst/site");
const TRUSTED_PROXIES: Variable = variable(
    "CATALYST_TRUSTED_PROXIES",
    "networks of the proxies in front of this server, with commas between them",
    "10.0.0.0/8,fd00::/8",
);

const METRICS_LISTEN: Variable = variable(
    "CATALYST_METRICS_LISTEN",
    "an address and a port that the public cannot reach",
    "127.0.0.1:9464",
);

#[derive(Clone, Debug)]
pub struct Http {
    pub listen: SocketAddr,
    /// Where /metrics, /healthz and /readyz are for those who watch; None: nowhere.
    pub metrics_listen: Option<SocketAddr>,
    pub public_url: PublicUrl,
    pub site_root: PathBuf,
    /// Only these may say in X-Forwarded-For who asks.
    pub trusted_proxies: Vec<IpNet>,
}

/// Scheme, host and port; the origin of every page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    /// Lower case, without a slash at the end and without the scheme's own port.
    text: String,
    host: String,
}

impl PublicUrl {
    pub fn parse(text: &str) -> Option<Self> {
        let uri: http::Uri = text.trim_end_matches('/').to_lowercase().parse().ok()?;
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() || authority.host().is_empty() {
            return None;
        }
        let port = match (scheme, authority.port_u16()) {
            (_, None) | ("http", Some(80)) | ("https", Some(443)) => String::new(),
            (_, Some(port)) => format!(":{port}"),
        };
        let host = authority.host().to_owned();
        Some(Self { text: format!("{scheme}://{host}{port}"), host })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn is_https(&self) -> bool {
        self.text.starts_with("https://")
    }

    /// Without the port; an IPv6 address has its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

/// Whether a host name or address can only be this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

pub(super) fn read(audience: Audience, reader: &mut Reader<'_>) -> Http {
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, 3000));
    let listen: SocketAddr = reader.or(LISTEN, default, |text| text.parse().ok());
    let public_url = reader.maybe(PUBLIC_URL, PublicUrl::parse);
    let asked_for_other = reader.text(PUBLIC_URL).is_some();
    let public_url = public_url.unwrap_or_else(|| {
        if audience == Audience::People && !listen.ip().is_loopback() && !asked_for_other {
            reader.refuse(PUBLIC_URL, PUBLIC_URL.expects);
        }
        PublicUrl { text: format!("http://{listen}"), host: listen.ip().to_string() }
    });
    let metrics_listen = reader.maybe(METRICS_LISTEN, |text| text.parse().ok());
    let site_root = reader.text(SITE_ROOT).map_or_else(find_site, PathBuf::from);
    let trusted_proxies = reader.or(TRUSTED_PROXIES, Vec::new(), |text| {
        text.split(',').map(|network| parse_network(network.trim())).collect()
    });
    Http { listen, metrics_listen, public_url, site_root, trusted_proxies }
}

/// A network, or one address.
fn parse_network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// The site of a checkout, or the one that was shipped beside the program.
fn find_site() -> PathBuf {
    let here = PathBuf::from("target/site");
    let program = std::env::current_exe().unwrap_or_default();
    let folder = program.parent().unwrap_or(&program);
    let candidates = [here.clone(), folder.join("site"), folder.join("../site")];
    candidates.into_iter().find(|folder| folder.join("hash.txt").is_file()).unwrap_or(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_an_origin_and_nothing_more() {
        for (text, origin) in [
            ("https://Shop.Example.om/", "https://shop.example.om"),
            ("https://shop.example.om:443", "https://shop.example.om"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(PublicUrl::parse(text).map(|url| url.text), Some(origin.to_owned()));
        }
        for bad in
            ["", "shop.example.om", "ftp://x.y", "https://x.y/shop", "https://u@x.y", "https://x.y?a=b"]
        {
            assert_eq!(PublicUrl::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn loopback_is_recognised_in_every_spelling() {
        for host in ["localhost", "shop.localhost", "127.0.0.1", "127.8.8.8", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.evil.example", "10.0.0.1", "[::2]", "example.om"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
