//! Where an application of a release comes from, and under which licence.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use beam::{Limits, Term};
use sys::file::{FileError, read_bounded};

/// What is known of the applications that come from hex.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    packages: BTreeMap<String, HexPackage>,
}

/// A hex package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HexPackage {
    /// Its name, which may differ from its application's.
    pub name: String,
    /// Its licences, as its author wrote them.
    pub licenses: Vec<String>,
}

/// The applications that Erlang/OTP and Elixir bring.
const OTP: [&str; 45] = [
    "asn1",
    "common_test",
    "compiler",
    "crypto",
    "debugger",
    "dialyzer",
    "diameter",
    "edoc",
    "eldap",
    "erl_docgen",
    "erl_interface",
    "erts",
    "et",
    "eunit",
    "ftp",
    "inets",
    "jinterface",
    "kernel",
    "megaco",
    "mnesia",
    "observer",
    "odbc",
    "os_mon",
    "parsetools",
    "public_key",
    "reltool",
    "runtime_tools",
    "sasl",
    "snmp",
    "ssh",
    "ssl",
    "stdlib",
    "syntax_tools",
    "tftp",
    "tools",
    "wx",
    "xmerl",
    "orber",
    "cosEvent",
    "eex",
    "elixir",
    "ex_unit",
    "iex",
    "logger",
    "mix",
];

impl Sources {
    /// Reads what hex left in a project's dependencies (`deps/NAME/hex_metadata.config`); a directory
    /// that is not there tells nothing, and neither does a file that cannot be understood.
    ///
    /// # Errors
    /// Where the directory cannot be listed.
    pub fn of_deps(deps: &Path) -> Result<Self, FileError> {
        let mut sources = Self::default();
        if !deps.is_dir() {
            return Ok(sources);
        }
        for entry in fs::read_dir(deps).map_err(FileError::at("list", deps))? {
            let path = entry.map_err(FileError::at("list", deps))?.path();
            let metadata = path.join("hex_metadata.config");
            let Ok(bytes) = read_bounded(&metadata, 1 << 20) else {
                continue;
            };
            if let Some((app, package)) = package(&bytes) {
                sources.packages.insert(app, package);
            }
        }
        Ok(sources)
    }

    /// The package URL of an application: `pkg:hex` where hex brought it, else `pkg:otp`.
    pub(super) fn purl(&self, app: &str, vsn: &str) -> String {
        match self.packages.get(app) {
            Some(package) => format!("pkg:hex/{}@{}", encoded(&package.name), encoded(vsn)),
            None => format!("pkg:otp/{}@{}", encoded(app), encoded(vsn)),
        }
    }

    pub(super) fn licenses(&self, app: &str) -> Vec<String> {
        match self.packages.get(app) {
            Some(package) => package.licenses.clone(),
            None if OTP.contains(&app) => vec!["Apache-2.0".to_owned()],
            None => Vec::new(),
        }
    }
}

/// The file is a list of terms `{<<"key">>, Value}.`
fn package(bytes: &[u8]) -> Option<(String, HexPackage)> {
    let terms = beam::term::consult(bytes, &Limits::RELEASE).ok()?;
    let value = |key: &str| {
        terms.iter().find_map(|term| match term.as_tuple()? {
            [Term::Binary(name), value] if name == key.as_bytes() => Some(value),
            _ => None,
        })
    };
    let text = |term: &Term| match term {
        Term::Binary(bytes) => String::from_utf8(bytes.clone()).ok(),
        _ => None,
    };
    let name = text(value("name")?)?;
    let app = value("app").and_then(text).unwrap_or_else(|| name.clone());
    let licenses = value("licenses")
        .and_then(Term::as_list)
        .unwrap_or_default();
    let licenses = licenses.iter().filter_map(text).collect();
    Some((app, HexPackage { name, licenses }))
}

/// Percent-encodes as package URLs want it.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hex_package_is_told_from_otp() {
        let dir = tempfile::tempdir().unwrap();
        let dep = dir.path().join("plug_crypto");
        fs::create_dir(&dep).unwrap();
        let text = "{<<\"app\">>,<<\"plug_crypto\">>}.\n{<<\"name\">>,<<\"plug_crypto\">>}.\n\
                    {<<\"licenses\">>,[<<\"Apache-2.0\">>,<<\"MIT\">>]}.\n";
        sys::file::write_atomic(
            &dep.join("hex_metadata.config"),
            text.as_bytes(),
            sys::file::Access::Shared,
        )
        .unwrap();
        let sources = Sources::of_deps(dir.path()).unwrap();
        assert_eq!(
            sources.purl("plug_crypto", "1.2.0"),
            "pkg:hex/plug_crypto@1.2.0"
        );
        assert_eq!(sources.licenses("plug_crypto"), ["Apache-2.0", "MIT"]);
        assert_eq!(sources.purl("kernel", "8.5+1"), "pkg:otp/kernel@8.5%2B1");
        assert_eq!(sources.licenses("kernel"), ["Apache-2.0"]);
        assert!(sources.licenses("shop").is_empty());
    }
}
