//! Names, paths and hosts that settings may hold.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Defines a text that is checked once, when it is read.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $pattern:literal, $check:expr, $expecting:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String")]
        #[schemars(inline)]
        pub(crate) struct $name(#[schemars(regex(pattern = $pattern))] String);

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                let check: fn(&str) -> bool = $check;
                if check(&text) {
                    Ok(Self(text))
                } else {
                    Err(format!("{text:?} is not {}", $expecting))
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

checked_text!(
    /// The name of a service, an environment or a release.
    Name,
    "^[a-z][a-z0-9_-]{0,39}$",
    |text| {
        text.len() <= 40
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
    },
    "a name: at most 40 lower-case letters, digits, `_` and `-`, beginning with a letter"
);

checked_text!(
    /// The name of an environment variable.
    Variable,
    "^[A-Za-z_][A-Za-z0-9_]*$",
    |text| {
        !text.is_empty()
            && !text.starts_with(|c: char| c.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    },
    "the name of an environment variable: letters, digits and `_`, not beginning with a digit"
);

checked_text!(
    /// A path of a URL, without query.
    UrlPath,
    "^/[!-~]*$",
    |text| text.starts_with('/') && text.bytes().all(|b| b.is_ascii_graphic() && !b"?#".contains(&b)),
    "a path: it begins with `/` and has no space, `?` or `#`"
);

checked_text!(
    /// A host name, lower case, without port.
    HostName,
    "^[a-z0-9.-]+$",
    |text| {
        text.len() <= 253
            && !text.is_empty()
            && text.split('.').all(|label| {
                (1..=63).contains(&label.len())
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            })
    },
    "a host name: lower-case labels with dots, without port"
);

checked_text!(
    /// A URL of http or https, without user or fragment.
    Url,
    "^https?://[!-~]+$",
    |text| {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        rest.is_some_and(|rest| {
            let host = rest.split(['/', '?']).next().unwrap_or_default();
            !host.is_empty() && !host.contains('@')
        }) && text.len() <= 2048
            && text.bytes().all(|b| b.is_ascii_graphic() && b != b'#')
    },
    "a URL such as \"https://checks.example.com/hook\""
);

checked_text!(
    /// The name of a header, lower case.
    HeaderName,
    "^[a-z0-9][a-z0-9-]*$",
    |text| {
        text.len() <= 100
            && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    },
    "the name of a header: lower-case letters, digits and `-`"
);

impl Url {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Name {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Makes a name of what a project calls itself, or `None` where nothing of it fits.
    pub(crate) fn of_project(text: &str) -> Option<Self> {
        Self::try_from(text.to_ascii_lowercase()).ok()
    }
}

impl Variable {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_leave_no_room_for_a_dot_or_a_path() {
        for good in ["shop", "a", "my_shop-2"] {
            assert!(Name::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in [
            "",
            "Shop",
            "2shop",
            "a.b",
            "a/b",
            "../a",
            "ä",
            "a b",
            &"a".repeat(41),
        ] {
            assert!(Name::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn urls_are_of_http_and_name_no_user() {
        for good in ["http://localhost:9090", "https://a.example/x?y=1"] {
            assert!(Url::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in [
            "",
            "localhost",
            "ftp://a",
            "http://",
            "http:///x",
            "https://me:secret@a/",
            "http://a/#b",
            "http://a b",
        ] {
            assert!(Url::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn host_names_and_paths_are_what_a_request_can_hold() {
        assert!(HostName::try_from("shop.example.com".to_owned()).is_ok());
        for bad in ["", "Shop.com", "a:80", "a..b", "-a.b", "a/b"] {
            assert!(HostName::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        assert!(UrlPath::try_from("/health".to_owned()).is_ok());
        for bad in ["", "health", "/a b", "/a?b", "/a\r\nX: y"] {
            assert!(UrlPath::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
