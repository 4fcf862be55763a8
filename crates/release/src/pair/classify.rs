//! What a path of a release is, and what of a release is the host's.

use crate::tree::LEFT_OUT;

/// What is wanted of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Its digest and what it says as a module.
    Beam,
    /// Its digest and its text.
    Text,
    /// Its digest.
    Other,
}

/// The class of a path.
pub(super) fn class(path: &str) -> Class {
    let Some((parent, name)) = path.rsplit_once('/') else {
        return Class::Other;
    };
    let parents: Vec<&str> = parent.split('/').collect();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match (&parents[..], extension) {
        (["lib", _, "ebin" | "consolidated"] | ["releases", _, "consolidated"], "beam") => {
            Class::Beam
        }
        (["lib", _, "ebin"], "app" | "appup") => Class::Text,
        (["releases"] | ["releases", _], "rel") => Class::Text,
        (["releases"], "data") if name == "start_erl.data" => Class::Text,
        (["releases", _], "config") if name == "sys.config" => Class::Text,
        _ => Class::Other,
    }
}

/// Whether a path is no part of a release: what belongs to a host or a run, a `relup`, and an archive
/// of the release that its own tool left inside.
pub(super) fn is_foreign(path: &str) -> bool {
    let names: Vec<&str> = path.split('/').collect();
    match names[..] {
        ["tmp" | "log", ..] | ["erl_crash.dump"] => true,
        ["releases", _, "relup"] => true,
        [name] | ["releases", _, name] if name.ends_with(".tar.gz") => true,
        _ => LEFT_OUT.contains(&path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_what_it_is() {
        let cases = [
            ("lib/shop-1.0/ebin/Elixir.Shop.beam", Class::Beam),
            (
                "releases/1.0/consolidated/Elixir.Enumerable.beam",
                Class::Beam,
            ),
            (
                "lib/shop-1.0/consolidated/Elixir.Enumerable.beam",
                Class::Beam,
            ),
            ("lib/shop-1.0/ebin/shop.app", Class::Text),
            ("lib/shop-1.0/ebin/shop.appup", Class::Text),
            ("releases/1.0/shop.rel", Class::Text),
            ("releases/start_erl.data", Class::Text),
            ("releases/1.0/sys.config", Class::Text),
            ("lib/shop-1.0/priv/ebin/x.beam", Class::Other),
            ("bin/shop", Class::Other),
            ("README", Class::Other),
        ];
        for (path, expected) in cases {
            assert_eq!(class(path), expected, "{path}");
        }
    }

    #[test]
    fn what_a_host_writes_is_no_part_of_a_release() {
        for path in [
            "releases/COOKIE",
            "releases/RELEASES",
            "tmp/pipe/x",
            "log/erlang.log.1",
            "releases/1.0/relup",
            "shop-1.0.tar.gz",
            "releases/1.0/shop.tar.gz",
        ] {
            assert!(is_foreign(path), "{path}");
        }
        for path in ["lib/x-1/priv/a.tar.gz", "releases/1.0/sys.config"] {
            assert!(!is_foreign(path), "{path}");
        }
    }
}
