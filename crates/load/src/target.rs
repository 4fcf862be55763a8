//! Where the load goes: an address that is ours to load, and nothing else.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::Uri;

use crate::Error;

/// A server to load, by address: names are not resolved, except `localhost`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    address: SocketAddr,
    host: String,
}

impl Target {
    /// Reads `http://ADDRESS:PORT`.
    ///
    /// # Errors
    /// Where the url is none, or the address is neither loopback nor in 10.77.0.0/16.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let wrong = |reason: &str| Error::Url {
            url: url.to_owned(),
            reason: reason.to_owned(),
        };
        let uri: Uri = url.parse().map_err(|e| wrong(&format!("{e}")))?;
        if uri.scheme_str() != Some("http") {
            return Err(wrong("the scheme is not http"));
        }
        if uri.path() != "/" || uri.query().is_some() {
            return Err(wrong("a path belongs into the options of each client kind"));
        }
        let host = uri.host().ok_or_else(|| wrong("no host"))?;
        let ip: IpAddr = match host.trim_start_matches('[').trim_end_matches(']') {
            "localhost" => Ipv4Addr::LOCALHOST.into(),
            text => text.parse().map_err(|_| wrong("the host is no address"))?,
        };
        let address = SocketAddr::new(ip, uri.port_u16().unwrap_or(80));
        Self::new(address)
    }

    /// Makes a target of an address.
    ///
    /// # Errors
    /// Where the address is neither loopback nor in 10.77.0.0/16.
    pub fn new(address: SocketAddr) -> Result<Self, Error> {
        let ours = match address.ip() {
            IpAddr::V4(ip) => ip.is_loopback() || ip.octets()[..2] == [10, 77],
            IpAddr::V6(ip) => ip.is_loopback(),
        };
        if !ours {
            return Err(Error::ForeignAddress { address });
        }
        Ok(Self {
            address,
            host: address.to_string(),
        })
    }

    /// Names another host in the `host` header, as a proxy that tells services apart needs it.
    #[must_use]
    pub fn with_host(self, host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            ..self
        }
    }

    /// The address that is connected to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The value of the `host` header.
    pub fn host(&self) -> &str {
        &self.host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Result<&str, &str>) {
        match (Target::parse(url), expected) {
            (Ok(target), Ok(address)) => assert_eq!(target.address().to_string(), address),
            (Err(error), Err(part)) => {
                assert!(error.to_string().contains(part), "{error}");
            }
            (result, _) => panic!("{url}: {result:?}"),
        }
    }

    #[test]
    fn only_addresses_of_ours_are_taken() {
        check("http://127.0.0.1:4000", Ok("127.0.0.1:4000"));
        check("http://127.8.0.1:4000/", Ok("127.8.0.1:4000"));
        check("http://localhost:81", Ok("127.0.0.1:81"));
        check("http://[::1]:4000", Ok("[::1]:4000"));
        check("http://10.77.3.4", Ok("10.77.3.4:80"));
        check("http://10.78.0.1:80", Err("refused to load 10.78.0.1:80"));
        check("http://192.168.0.1", Err("only loopback"));
        check("http://[2001:db8::1]:80", Err("only loopback"));
        check("http://example.org", Err("no address"));
        check("https://127.0.0.1", Err("scheme"));
        check("http://127.0.0.1/path", Err("path"));
        check("127.0.0.1:80", Err("cannot read the url"));
    }
}
