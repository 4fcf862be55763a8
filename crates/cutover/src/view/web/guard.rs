//! Who is answered.

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Uri};

/// The header with the token, of requests that ask for something.
pub(super) const TOKEN: &str = "x-cutover-token";

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("this page is on loopback only")]
    Host,
    #[error("another page may not ask here")]
    Origin,
    #[error("the token is missing or wrong: open the address that `cutover watch --web` printed")]
    Token,
}

/// What requests are held against.
#[derive(Debug)]
pub(super) struct Guard {
    port: u16,
    token: String,
}

impl Guard {
    /// Makes one with a token that nobody can guess.
    ///
    /// # Errors
    /// Where the system gives no random bytes.
    pub(super) fn new(port: u16) -> std::io::Result<Self> {
        let mut bytes = [0; 16];
        let mut random = std::fs::File::open("/dev/urandom")?;
        std::io::Read::read_exact(&mut random, &mut bytes)?;
        let token = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { port, token })
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Checks where a request is addressed to and where it comes from.
    pub(super) fn place(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let ours = |text: &str| {
            let port = self.port;
            text == format!("127.0.0.1:{port}") || text == format!("localhost:{port}")
        };
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        if !host.is_some_and(ours) {
            return Err(Refused::Host);
        }
        match headers.get(ORIGIN).map(|origin| origin.to_str()) {
            None => Ok(()),
            Some(Ok(origin)) if origin.strip_prefix("http://").is_some_and(ours) => Ok(()),
            Some(_) => Err(Refused::Origin),
        }
    }

    /// Checks the token of a query, `token=…`.
    pub(super) fn query(&self, uri: &Uri) -> Result<(), Refused> {
        let given = uri.query().and_then(|query| query.strip_prefix("token="));
        self.check(given.unwrap_or_default())
    }

    /// Checks the token of a header, which no form of another page can set.
    pub(super) fn header(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let given = headers.get(TOKEN).and_then(|token| token.to_str().ok());
        self.check(given.unwrap_or_default())
    }

    fn check(&self, given: &str) -> Result<(), Refused> {
        // Every byte is looked at, so that the time says nothing of how many are right.
        let differ = given
            .bytes()
            .zip(self.token.bytes())
            .fold(0, |differ, (a, b)| differ | (a ^ b));
        if given.len() == self.token.len() && differ == 0 {
            Ok(())
        } else {
            Err(Refused::Token)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_loopback_by_its_own_page_with_the_token_is_answered() {
        let guard = Guard::new(4040).unwrap();
        let place = |pairs: &[(&'static str, &str)]| guard.place(&headers(pairs));
        assert_eq!(place(&[("host", "127.0.0.1:4040")]), Ok(()));
        assert_eq!(
            place(&[
                ("host", "localhost:4040"),
                ("origin", "http://localhost:4040")
            ]),
            Ok(())
        );
        for host in [
            "evil.example:4040",
            "127.0.0.1",
            "127.0.0.1:4041",
            "127.0.0.1:4040.evil.example",
        ] {
            assert_eq!(place(&[("host", host)]), Err(Refused::Host), "{host}");
        }
        for origin in [
            "http://evil.example",
            "null",
            "https://127.0.0.1:4040",
            "http://127.0.0.1:1",
        ] {
            let pairs = [("host", "127.0.0.1:4040"), ("origin", origin)];
            assert_eq!(place(&pairs), Err(Refused::Origin), "{origin}");
        }
        assert_eq!(guard.header(&headers(&[(TOKEN, guard.token())])), Ok(()));
        assert_eq!(guard.header(&headers(&[])), Err(Refused::Token));
        let uri: Uri = format!("/events?token={}", guard.token()).parse().unwrap();
        assert_eq!(guard.query(&uri), Ok(()));
        assert_eq!(
            guard.query(&"/events?token=".parse().unwrap()),
            Err(Refused::Token)
        );
        assert_eq!(guard.token().len(), 32);
    }
}
