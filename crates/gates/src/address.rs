//! Where a call goes.

use std::fmt;

use http::Uri;
use http::uri::Scheme;

/// An `http` or `https` address. Prints as scheme, host and port only: a path may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub(crate) tls: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Path and query as sent.
    pub(crate) target: String,
}

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no address at all.
    #[error("this is no address: {0}; write it like https://prometheus.example:9090")]
    Form(String),
    /// Its scheme is neither `http` nor `https`, or it has none.
    #[error("the address must begin with http:// or https://")]
    Scheme,
    /// It names no host.
    #[error("the address names no host")]
    Host,
    /// It holds a user or a password, which would be seen wherever the address is.
    #[error("the address holds a user or a password; give them as credentials instead")]
    Credentials,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// Where it is none that can be called; no error repeats it.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let uri: Uri = text
            .trim()
            .parse()
            .map_err(|e: http::uri::InvalidUri| AddressError::Form(e.to_string()))?;
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(AddressError::Scheme),
        };
        let authority = uri.authority().ok_or(AddressError::Host)?;
        if authority.as_str().contains('@') {
            return Err(AddressError::Credentials);
        }
        let host = authority.host();
        let host = host
            .strip_prefix('[')
            .and_then(|h| h.strip_suffix(']'))
            .unwrap_or(host);
        if host.is_empty() {
            return Err(AddressError::Host);
        }
        // The crate's own reading takes a port out of its range for none.
        let after = authority.as_str().strip_prefix(authority.host());
        let port = match after.unwrap_or_default().strip_prefix(':') {
            Some(port) => port
                .parse()
                .map_err(|_| AddressError::Form("its port is none".to_owned()))?,
            None if tls => 443,
            None => 80,
        };
        Ok(Self {
            tls,
            host: host.to_owned(),
            port,
            target: uri
                .path_and_query()
                .map_or("/", |target| target.as_str())
                .to_owned(),
        })
    }

    /// Appends a path to the address's own; its query is dropped.
    pub(crate) fn join(&self, path: &str) -> Self {
        let own = self.target.split('?').next().unwrap_or_default();
        Self {
            target: format!("{}{path}", own.trim_end_matches('/')),
            ..self.clone()
        }
    }

    /// Returns the value of the `Host` header.
    pub(crate) fn host_header(&self) -> String {
        let host = self.bracketed();
        match (self.tls, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }

    fn bracketed(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}", self.bracketed(), self.port)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_print_without_their_path() {
        let check = |text: &str, shown: &str, host: &str, target: &str| {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!(address.host_header(), host);
            assert_eq!(address.target, target);
        };
        check(
            "https://hooks.example/T0/secret?x=1",
            "https://hooks.example:443",
            "hooks.example",
            "/T0/secret?x=1",
        );
        check(
            "http://127.0.0.1:9090",
            "http://127.0.0.1:9090",
            "127.0.0.1:9090",
            "/",
        );
        check("HTTP://[::1]:81/", "http://[::1]:81", "[::1]:81", "/");
        let joined = Address::parse("http://a/prometheus/?x").unwrap();
        assert_eq!(joined.join("/api").target, "/prometheus/api");
        assert_eq!(
            Address::parse("http://a").unwrap().join("/api").target,
            "/api"
        );
    }

    proptest::proptest! {
        #[test]
        fn an_address_is_read_or_refused_and_never_shows_its_path(
            text in "(http|https|ftp)?(://)?[a-z0-9.:@\\[\\]-]{0,12}",
            path in "/[!-~]{0,10}",
        ) {
            if let Ok(address) = Address::parse(&format!("{text}{path}secret")) {
                assert!(!address.host.is_empty());
                assert!(!format!("{address} {address:?}").contains("secret"));
            }
        }
    }

    #[test]
    fn what_cannot_be_called_is_refused_without_repeating_it() {
        let check = |text: &str, expected: &str| {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("secret"), "{error}");
        };
        check("prometheus:9090", "must begin with http");
        check("ftp://a/secret", "must begin with http");
        check("/secret", "must begin with http");
        check("http://user:secret@a/", "credentials");
        check("http://a b/", "no address");
        check("http://a:99999/", "no address");
        check("", "no address");
    }
}
