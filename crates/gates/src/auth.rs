//! Credentials of a call.

use std::fmt;

use base64::Engine;
use http::HeaderValue;

/// What a call proves itself with. Never printed.
#[derive(Clone, Default)]
pub struct Auth(Option<HeaderValue>);

/// Credentials that no header can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// A control character, such as a line end at the end of a token's file.
    #[error("the credentials hold a control character; is there a line end behind the token?")]
    Character,
    /// A user with a colon cannot be told from its password.
    #[error("the user holds a colon")]
    Colon,
}

impl Auth {
    /// No credentials.
    pub const NONE: Self = Self(None);

    /// A bearer token.
    ///
    /// # Errors
    /// Where no header can hold it.
    pub fn bearer(token: &str) -> Result<Self, AuthError> {
        Self::header(format!("Bearer {token}"))
    }

    /// A user and a password.
    ///
    /// # Errors
    /// Where the user holds a colon.
    pub fn basic(user: &str, password: &str) -> Result<Self, AuthError> {
        if user.contains(':') {
            return Err(AuthError::Colon);
        }
        let both = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        Self::header(format!("Basic {both}"))
    }

    fn header(value: String) -> Result<Self, AuthError> {
        let mut value = HeaderValue::try_from(value).map_err(|_| AuthError::Character)?;
        value.set_sensitive(true);
        Ok(Self(Some(value)))
    }

    /// Returns the value of the `Authorization` header.
    pub(crate) fn value(&self) -> Option<&HeaderValue> {
        self.0.as_ref()
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Auth(hidden)"
        } else {
            "Auth(none)"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_become_a_header_that_does_not_print() {
        let bearer = Auth::bearer("abc").unwrap();
        assert_eq!(bearer.value().unwrap().as_bytes(), b"Bearer abc");
        // The example of RFC 7617.
        let basic = Auth::basic("Aladdin", "open sesame").unwrap();
        assert_eq!(
            basic.value().unwrap().as_bytes(),
            b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
        for auth in [&bearer, &basic] {
            assert_eq!(format!("{auth:?}"), "Auth(hidden)");
        }
        assert!(matches!(Auth::bearer("abc\n"), Err(AuthError::Character)));
        assert!(matches!(Auth::basic("a:b", "c"), Err(AuthError::Colon)));
    }
}
