//! The cookie that keeps a client with its version: it holds a bucket, not a version. Pure.
//!
//! Had it named the version, every weight would need a new lot for those at stable, and the split would
//! drift to the candidate. A bucket is dealt once and compared with the weight as that is now: clients
//! pass one by one as the weight grows, and all return together at weight 0. See
//! [`crate::control::v1::Sticky`] for what users are told.
//!
//! The instance sees the cookie among the others: taking it out would mean to rewrite a field that is
//! the application's, and it tells nothing but a number.

use crate::control::v1::Sticky;
use crate::http1::fields::elements;
use crate::http1::forward::{put, put_display};

/// The cookie of one service.
#[derive(Debug)]
pub(crate) struct Cookie {
    name: String,
    attributes: String,
}

impl Cookie {
    /// For a service at a path prefix.
    pub(crate) fn new(sticky: &Sticky, path_prefix: &str) -> Self {
        Self {
            name: sticky.cookie.clone(),
            attributes: format!(
                "; Path={path_prefix}; Max-Age={}; HttpOnly; SameSite=Lax",
                sticky.max_age_s
            ),
        }
    }

    /// Finds the bucket in a `Cookie` field. Of several the first that is valid counts: clients put the
    /// one with the longer path first (RFC 6265, 5.4).
    pub(crate) fn bucket(&self, field: &[u8]) -> Option<u8> {
        field.split(|byte| *byte == b';').find_map(|pair| {
            let value = pair.trim_ascii().strip_prefix(self.name.as_bytes())?;
            bucket(value.strip_prefix(b"=")?)
        })
    }
}

/// Reads a bucket as it is written: 0 to 99, in decimal, without a zero before it.
fn bucket(value: &[u8]) -> Option<u8> {
    match *value {
        [ones @ b'0'..=b'9'] => Some(ones - b'0'),
        [tens @ b'1'..=b'9', ones @ b'0'..=b'9'] => Some((tens - b'0') * 10 + (ones - b'0')),
        _ => None,
    }
}

/// A bucket on its way to a client that had none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewBucket<'a> {
    /// The cookie.
    pub(crate) cookie: &'a Cookie,
    /// The bucket.
    pub(crate) bucket: u8,
    /// Whether the client came by TLS to a balancer in front.
    pub(crate) is_secure: bool,
}

impl NewBucket<'_> {
    /// Writes the value of the `Set-Cookie` field.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put(out, &[self.cookie.name.as_bytes(), b"="]);
        put_display(out, self.bucket);
        put(out, &[self.cookie.attributes.as_bytes()]);
        if self.is_secure {
            out.extend_from_slice(b"; Secure");
        }
    }
}

/// Says whether a `Cache-Control` value lets shared caches keep an answer. One cookie for all who get it
/// from there would undo the split, and many caches keep no answer that sets one.
pub(crate) fn lets_share(value: &[u8]) -> bool {
    elements(value).any(|element| {
        let name = element.split(|byte| *byte == b'=').next();
        let name = name.unwrap_or_default().trim_ascii();
        name.eq_ignore_ascii_case(b"public") || name.eq_ignore_ascii_case(b"s-maxage")
    })
}

/// Says whether `X-Forwarded-Proto` tells of TLS. A client may lie here, but only about its own cookie.
pub(crate) fn tells_of_tls(value: &[u8]) -> bool {
    elements(value)
        .next()
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"https"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cookie() -> Cookie {
        let sticky = Sticky {
            cookie: "b".to_owned(),
            max_age_s: 60,
        };
        Cookie::new(&sticky, "/shop")
    }

    #[test]
    fn only_what_the_proxy_writes_is_a_bucket() {
        let check = |field: &str, expected: Option<u8>| {
            assert_eq!(cookie().bucket(field.as_bytes()), expected, "{field:?}");
        };
        check("b=0", Some(0));
        check("a=1; b=99; c=2", Some(99));
        check("a=1;b=7", Some(7));
        check("b=x; b=12; b=13", Some(12));
        for none in [
            "", "b", "b=", "b=100", "b=07", "b=+1", "b=\"1\"", "B=1", "ab=1", "b =1", "b=1,2",
            "b=1 2",
        ] {
            check(none, None);
        }
    }

    #[test]
    fn every_bucket_is_read_back_as_written() {
        let cookie = cookie();
        for bucket in 0..100 {
            let mut out = vec![];
            let new = NewBucket {
                cookie: &cookie,
                bucket,
                is_secure: bucket == 1,
            };
            new.write(&mut out);
            let secure = if bucket == 1 { "; Secure" } else { "" };
            let text = String::from_utf8(out).unwrap();
            assert_eq!(
                text,
                format!("b={bucket}; Path=/shop; Max-Age=60; HttpOnly; SameSite=Lax{secure}")
            );
            assert_eq!(cookie.bucket(text.as_bytes()), Some(bucket));
        }
    }

    #[test]
    fn answers_for_everybody_are_told_from_others() {
        assert!(lets_share(b"public, max-age=60") && lets_share(b"max-age=0, S-MaxAge=9"));
        assert!(!lets_share(b"max-age=0, private, must-revalidate") && !lets_share(b"publicity"));
        assert!(tells_of_tls(b"https") && tells_of_tls(b"HTTPS, http"));
        assert!(!tells_of_tls(b"http, https") && !tells_of_tls(b""));
    }

    proptest! {
        #[test]
        fn any_cookies_are_read_without_panic(field in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Some(bucket) = cookie().bucket(&field) {
                prop_assert!(bucket < 100);
            }
        }
    }
}
