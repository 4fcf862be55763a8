//! What a service claims of a listener: host names and a path prefix. Pure.
//!
//! A named host goes before a claim of every host, then the longer prefix before the shorter one. Two
//! services that claim the same host with the same prefix overlap, and the second is refused.

/// Says whether `path` lies under `prefix`, at a segment boundary: `/a` holds `/a` and `/a/b`, not `/ab`.
pub(crate) fn covers(prefix: &str, path: &str) -> bool {
    match path.strip_prefix(prefix) {
        None => false,
        Some(rest) => prefix.ends_with('/') || rest.is_empty() || rest.starts_with('/'),
    }
}

/// Brings a prefix into its one form: no slash at the end, but for the root.
pub(crate) fn normal_prefix(prefix: &str) -> String {
    match prefix.trim_end_matches('/') {
        "" => "/".to_owned(),
        trimmed => trimmed.to_owned(),
    }
}

/// Says what two claims of one listener have in common, if it is the same host with the same prefix: a claim
/// is the host names (none means every host) and the path prefix.
pub fn overlap(a: (&[String], &str), b: (&[String], &str)) -> Option<String> {
    if normal_prefix(a.1) != normal_prefix(b.1) {
        return None;
    }
    let prefix = normal_prefix(a.1);
    if a.0.is_empty() && b.0.is_empty() {
        return Some(format!("every host with {prefix}"));
    }
    let shared = a.0.iter().find(|host| b.0.contains(host))?;
    Some(format!("{shared} with {prefix}"))
}

/// Takes the host name out of a `Host` value: without port, brackets kept.
pub(crate) fn host_name(host: &str) -> &str {
    if host.starts_with('[') {
        return host.find(']').map_or(host, |end| &host[..=end]);
    }
    host.split_once(':').map_or(host, |(name, _)| name)
}

/// The claims of one listener with what each leads to.
#[derive(Debug)]
pub(crate) struct Claims<T> {
    /// Most telling first.
    routes: Vec<(Option<String>, String, T)>,
}

impl<T: Clone> Claims<T> {
    /// Orders the claims.
    pub(crate) fn new<'a>(claims: impl Iterator<Item = (&'a [String], &'a str, T)>) -> Self {
        let mut routes = Vec::new();
        for (hosts, prefix, target) in claims {
            let prefix = normal_prefix(prefix);
            if hosts.is_empty() {
                routes.push((None, prefix, target));
            } else {
                for host in hosts {
                    routes.push((Some(host.clone()), prefix.clone(), target.clone()));
                }
            }
        }
        routes.sort_by_key(|(host, prefix, _)| (host.is_none(), std::cmp::Reverse(prefix.len())));
        Self { routes }
    }

    /// Finds who claims `host` (as in the `Host` field) and `path` (as in the request target).
    pub(crate) fn find(&self, host: &str, path: &str) -> Option<&T> {
        let name = host_name(host);
        self.routes
            .iter()
            .find(|(claimed, prefix, _)| {
                claimed
                    .as_ref()
                    .is_none_or(|claimed| claimed.eq_ignore_ascii_case(name))
                    && covers(prefix, path)
            })
            .map(|(_, _, target)| target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_matches_at_segment_boundaries() {
        let check = |prefix: &str, path: &str, expected: bool| {
            assert_eq!(covers(prefix, path), expected, "{prefix} {path}");
        };
        check("/", "/", true);
        check("/", "/a", true);
        check("/a", "/a", true);
        check("/a", "/a/b", true);
        check("/a", "/ab", false);
        check("/a", "/", false);
        check("/", "*", false);
    }

    #[test]
    fn the_named_host_and_the_longer_prefix_win() {
        let shop = ["shop.test".to_owned()];
        let claims = Claims::new(
            [
                (&[][..], "/", "all"),
                (&shop[..], "/", "shop"),
                (&shop[..], "/api/", "api"),
                (&[][..], "/api", "all api"),
            ]
            .into_iter(),
        );
        let check = |host: &str, path: &str, expected: &str| {
            assert_eq!(claims.find(host, path), Some(&expected), "{host} {path}");
        };
        check("shop.test", "/", "shop");
        check("SHOP.test:8080", "/api/x", "api");
        check("shop.test", "/apix", "shop");
        check("other.test", "/api", "all api");
        check("", "/x", "all");
        check("[::1]:80", "/x", "all");
    }

    #[test]
    fn the_same_host_and_prefix_overlap() {
        let a = vec!["a".to_owned(), "b".to_owned()];
        let b = vec!["b".to_owned()];
        assert!(overlap((&a, "/x"), (&b, "/x/")).is_some());
        assert!(overlap((&a, "/x"), (&b, "/y")).is_none());
        assert!(overlap((&a, "/"), (&[], "/")).is_none());
        assert!(overlap((&[], "/"), (&[], "/")).is_some());
    }
}
