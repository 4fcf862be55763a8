//! Which header fields concern this connection only, and which are ours to say.

/// What the proxy does with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    /// Passed on as it is.
    EndToEnd,
    /// For this connection only (RFC 9110, 7.6.1), or meant for other proxies; dropped.
    Hop,
    /// `Connection`: names further fields to drop.
    Connection,
    /// `Host`.
    Host,
    /// `Content-Length`.
    ContentLength,
    /// `Transfer-Encoding`.
    TransferEncoding,
    /// `Upgrade`.
    Upgrade,
    /// `TE`.
    Te,
    /// `Expect`.
    Expect,
    /// `Content-Type`.
    ContentType,
    /// What proxies say of the client (`X-Forwarded-*`, `Forwarded`): incoming values are not trusted.
    Forwarding,
}

/// Sorts a field by its name.
pub(crate) fn class(name: &[u8]) -> Field {
    let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    match name.len() {
        2 if is("te") => Field::Te,
        4 if is("host") => Field::Host,
        // A CGI-like application would take it for its own HTTP_PROXY variable.
        5 if is("proxy") => Field::Hop,
        6 if is("expect") => Field::Expect,
        7 if is("upgrade") => Field::Upgrade,
        9 if is("forwarded") => Field::Forwarding,
        9 if is("x-real-ip") => Field::Forwarding,
        10 if is("connection") => Field::Connection,
        10 if is("keep-alive") => Field::Hop,
        12 if is("content-type") => Field::ContentType,
        14 if is("content-length") => Field::ContentLength,
        14 if is("http2-settings") => Field::Hop,
        16 if is("proxy-connection") => Field::Hop,
        17 if is("transfer-encoding") => Field::TransferEncoding,
        13.. if name[..12].eq_ignore_ascii_case(b"x-forwarded-") => Field::Forwarding,
        _ => Field::EndToEnd,
    }
}

/// The elements of a comma-separated field, without white space and empty ones.
pub(crate) fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
}

/// Says whether a comma-separated field has an element, without regard to case and parameters.
pub(crate) fn has_element(value: &[u8], wanted: &str) -> bool {
    elements(value).any(|element| {
        let token = element.split(|b| *b == b';').next().unwrap_or_default();
        token.trim_ascii().eq_ignore_ascii_case(wanted.as_bytes())
    })
}

/// The fields that the `Connection` fields of a message name.
#[derive(Debug, Default)]
pub(crate) struct Named<'b>(Vec<&'b [u8]>);

impl<'b> Named<'b> {
    /// Adds what a `Connection` value names, but for the words of HTTP itself.
    pub(crate) fn add(&mut self, value: &'b [u8]) {
        for element in elements(value) {
            let known = ["close", "keep-alive", "upgrade", "te"];
            if !known
                .iter()
                .any(|word| element.eq_ignore_ascii_case(word.as_bytes()))
            {
                self.0.push(element);
            }
        }
    }

    /// Says whether a field is named.
    pub(crate) fn holds(&self, name: &[u8]) -> bool {
        self.0.iter().any(|named| named.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_sorted_without_regard_to_case() {
        let check =
            |name: &str, expected: Field| assert_eq!(class(name.as_bytes()), expected, "{name}");
        check("Keep-Alive", Field::Hop);
        check("TE", Field::Te);
        check("X-FORWARDED-FOR", Field::Forwarding);
        check("X-Forwarded-Ssl", Field::Forwarding);
        check("X-Forwarded-", Field::EndToEnd);
        check("Transfer-encoding", Field::TransferEncoding);
        check("Proxy", Field::Hop);
        check("Trailer", Field::EndToEnd);
        check("Accept", Field::EndToEnd);
    }

    #[test]
    fn connection_names_fields() {
        let mut named = Named::default();
        named.add(b"close, X-Secret ,, upgrade");
        assert!(named.holds(b"x-secret"));
        assert!(!named.holds(b"upgrade") && !named.holds(b"close"));
        assert!(has_element(b"gzip, Trailers;q=0.5", "trailers"));
    }
}
