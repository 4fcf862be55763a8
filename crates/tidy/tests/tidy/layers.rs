//! Core crates know no adapter, adapters know no app: the arrows of ARCHITECTURE.md.

use std::collections::BTreeMap;

use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Core,
    Adapter,
    App,
    Tool,
}

impl Layer {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "core" => Some(Self::Core),
            "adapter" => Some(Self::Adapter),
            "app" => Some(Self::App),
            "tool" => Some(Self::Tool),
            _ => None,
        }
    }

    /// Says whether code of this layer may use code of the `other`. Tools serve development: nothing
    /// that users run depends on them.
    fn may_use(self, other: Self) -> bool {
        other <= self && (other != Self::Tool || self == Self::Tool)
    }
}

/// What a core crate must never be built on: I/O, clocks, processes.
const NOT_IN_CORE: &[&str] = &[
    "hyper",
    "hyper-util",
    "rusqlite",
    "rustix",
    "socket2",
    "tempfile",
    "tokio",
    "tracing",
    "walkdir",
];

fn packages() -> Vec<Value> {
    let output = sys::process::command(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(super::root())
        .output()
        .expect("cargo metadata runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

fn name(package: &Value) -> &str {
    package["name"].as_str().expect("a package has a name")
}

/// The crates that a package is built from; those of its tests alone do not count.
fn built_from(package: &Value) -> impl Iterator<Item = &str> {
    package["dependencies"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|d| d["kind"].as_str() != Some("dev"))
        .filter_map(|d| d["name"].as_str())
}

#[test]
fn no_arrow_points_up() {
    let packages = packages();
    let layers: BTreeMap<&str, Layer> = packages
        .iter()
        .map(|p| {
            let word = p["metadata"]["cutover"]["layer"].as_str().unwrap_or("none");
            let layer = Layer::parse(word)
                .unwrap_or_else(|| panic!("{} has no known layer: `{word}`", name(p)));
            (name(p), layer)
        })
        .collect();
    let wrong: Vec<String> = packages
        .iter()
        .flat_map(|p| built_from(p).map(move |d| (name(p), d)))
        .filter_map(|(from, to)| Some((from, layers[from], to, *layers.get(to)?)))
        .filter(|(_, from_layer, _, to_layer)| !from_layer.may_use(*to_layer))
        .map(|(from, from_layer, to, to_layer)| {
            format!("{from} ({from_layer:?}) uses {to} ({to_layer:?})")
        })
        .collect();
    assert!(wrong.is_empty(), "arrows that point up: {wrong:#?}");
}

#[test]
fn core_crates_do_no_io() {
    let wrong: Vec<String> = packages()
        .iter()
        .filter(|p| p["metadata"]["cutover"]["layer"] == "core")
        .flat_map(|p| {
            built_from(p)
                .filter(|d| NOT_IN_CORE.contains(d))
                .map(|d| format!("{} uses {d}", name(p)))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(wrong.is_empty(), "core crates with I/O: {wrong:#?}");
    let packages = packages();
    for source in super::files_ending(&[".rs"]) {
        let core = packages.iter().any(|p| {
            p["metadata"]["cutover"]["layer"] == "core"
                && source.starts_with(format!("crates/{}/src", name(p)))
        });
        if !core {
            continue;
        }
        let text = std::fs::read_to_string(super::root().join(&source)).expect("a source file");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for forbidden in [
            "std::fs",
            "std::net",
            "std::env",
            "std::process",
            "Instant::now",
            "SystemTime",
        ] {
            assert!(
                !code.contains(forbidden),
                "{}: a core crate names `{forbidden}`",
                source.display()
            );
        }
    }
}
