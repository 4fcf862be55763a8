//! Compiles all pairs of a table at once.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use beam::{BeamFile, ChunkId, Limits};
use shape::{Behaviour, Library, Modules, StateChange, Version, state};

/// What must be said of a pair, in one direction.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expect {
    Same,
    /// With this in the text.
    Changed(&'static str),
    /// With this in the text.
    Unseen(&'static str),
}

/// Two versions of a module. `@` in the sources stands for the module's name.
pub(crate) struct Pair {
    pub(crate) name: &'static str,
    pub(crate) behaviour: Behaviour,
    pub(crate) old: &'static str,
    pub(crate) new: &'static str,
    pub(crate) up: Expect,
    pub(crate) down: Expect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Erlang,
    Elixir,
}

/// The modules of both versions of every source, and the name of the module of each.
pub(crate) struct Compiled {
    pub(crate) names: Vec<String>,
    pub(crate) old: Library,
    pub(crate) new: Library,
}

/// Compiles pairs of sources: one run of the compiler for the old versions, one for the new.
pub(crate) fn compile(language: Language, pairs: &[(&str, &str)]) -> Compiled {
    let dir = tempfile::tempdir().unwrap();
    let (names, atoms): (Vec<String>, Vec<String>) = (0..pairs.len())
        .map(|number| match language {
            Language::Erlang => (format!("pair{number}"), format!("pair{number}")),
            Language::Elixir => (format!("Elixir.Pair{number}"), format!("Pair{number}")),
        })
        .unzip();
    let build = |which: &str, source: &dyn Fn(usize) -> String| {
        let root = dir.path().join(which);
        std::fs::create_dir(&root).unwrap();
        let mut files = Vec::new();
        for (number, atom) in atoms.iter().enumerate() {
            let (text, extension) = match language {
                Language::Erlang => (format!("-module({atom}).\n"), "erl"),
                Language::Elixir => (String::new(), "ex"),
            };
            let file = root.join(format!("pair{number}.{extension}"));
            let text = text + &source(number).replace('@', atom).replace('§', "@");
            #[expect(
                clippy::disallowed_methods,
                reason = "a source for a compiler in a test"
            )]
            std::fs::write(&file, text).unwrap();
            files.push(file);
        }
        run(language, &root, &files);
        library(&root)
    };
    Compiled {
        old: build("old", &|number| pairs[number].0.to_owned()),
        new: build("new", &|number| pairs[number].1.to_owned()),
        names,
    }
}

fn run(language: Language, root: &Path, files: &[std::path::PathBuf]) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the compiler is the oracle of these tests"
    )]
    let mut command = Command::new(match language {
        Language::Erlang => "erlc",
        Language::Elixir => "elixirc",
    });
    if language == Language::Erlang {
        command.args(["+debug_info", "+nowarn_unused_vars"]);
    }
    let done = command.arg("-o").arg(root).args(files).output().unwrap();
    assert!(
        done.status.success(),
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
}

fn library(root: &Path) -> Library {
    let mut modules = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "beam")
        {
            let bytes = std::fs::read(&path).unwrap();
            let beam = BeamFile::read(&bytes, &Limits::RELEASE).unwrap();
            let debug = beam.chunk(ChunkId(*b"Dbgi")).unwrap();
            modules.push((beam.module().to_owned(), Arc::from(debug)));
        }
    }
    Library::new(Limits::RELEASE, modules)
}

/// Checks the states of every pair of a table, both ways.
pub(crate) fn check_states(language: Language, pairs: &[Pair]) {
    let sources: Vec<(&str, &str)> = pairs.iter().map(|pair| (pair.old, pair.new)).collect();
    let compiled = compile(language, &sources);
    let mut wrong = Vec::new();
    for (pair, name) in pairs.iter().zip(&compiled.names) {
        let old = version(&compiled.old, name);
        let new = version(&compiled.new, name);
        for (way, from, to, expected) in [("up", old, new, pair.up), ("down", new, old, pair.down)]
        {
            let said = state::compare(from, to, pair.behaviour);
            let right = match (&said, expected) {
                (StateChange::Same { .. }, Expect::Same) => true,
                (StateChange::Changed { what: text }, Expect::Changed(part))
                | (StateChange::Unseen { why: text }, Expect::Unseen(part)) => text.contains(part),
                _ => false,
            };
            if !right {
                let describe = |version| state::describe(version, pair.behaviour);
                wrong.push(format!(
                    "{}, {way}: expected {expected:?}, said {said:?}\n  from {:?}\n  to   {:?}",
                    pair.name,
                    describe(from),
                    describe(to)
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

pub(crate) fn version<'a>(library: &'a Library, name: &str) -> Version<'a> {
    Version {
        code: library.code(name).unwrap(),
        others: library,
    }
}
