//! Damaged and hostile bytes: an error or a value, never a panic, in little memory.

#![expect(
    clippy::disallowed_methods,
    reason = "tests read files of their own; a core crate has no adapter for them"
)]

mod bombs;
mod build;
mod mutate;

use std::sync::{Mutex, PoisonError};

use beam::facts::{self, CompileInfo, DebugInfo, ModuleFacts};
use beam::term::{consult, consult_first};
use beam::{
    AppFile, BeamFile, ChunkId, Limits, RelFile, Releases, Script, StartErl, SysConfig, etf,
};

use mutate::Random;

/// Small, so that memory is seen to be bounded by them.
const LIMITS: Limits = Limits {
    bytes_max: 1 << 20,
    depth_max: 64,
    terms_max: 50_000,
};

/// Held by tests that measure memory, and by those that take some.
static ALONE: Mutex<()> = Mutex::new(());

/// Real files of every kind, with their names.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// Has every reader read the bytes; returns how many of them accepted.
fn read_as_everything(bytes: &[u8], limits: &Limits) -> usize {
    let texts = [
        AppFile::read(bytes, limits).is_ok(),
        RelFile::read(bytes, limits).is_ok(),
        Releases::read(bytes, limits).is_ok(),
        SysConfig::read(bytes, limits).is_ok(),
        Script::read_text(bytes, limits).is_ok(),
        Script::read_boot(bytes, limits).is_ok(),
        StartErl::read(bytes).is_ok(),
        consult_first(bytes, limits).is_ok(),
        read_text(bytes, limits),
        read_term(bytes, limits),
        read_module(bytes, limits),
    ];
    texts.into_iter().filter(|accepted| *accepted).count()
}

/// A text that is read is printed so that it is read as the same.
fn read_text(bytes: &[u8], limits: &Limits) -> bool {
    let Ok(terms) = consult(bytes, limits) else {
        return false;
    };
    for term in terms {
        let Ok(value) = etf::Term::try_from(&term) else {
            panic!("{term} is no term");
        };
        for text in [term.to_string(), term.pretty().to_string()] {
            let again = consult_first(format!("{text}.").as_bytes(), &Limits::RELEASE);
            let again = again.unwrap_or_else(|e| panic!("{e}: {text}"));
            assert_eq!(etf::Term::try_from(&again).as_ref(), Ok(&value), "{text}");
        }
    }
    true
}

/// A term that is read is written so that it is read as the same.
fn read_term(bytes: &[u8], limits: &Limits) -> bool {
    let Ok(term) = etf::decode(bytes, limits) else {
        return false;
    };
    let again = etf::encode(&term).unwrap();
    assert_eq!(etf::decode(&again, &Limits::RELEASE), Ok(term));
    true
}

fn read_module(bytes: &[u8], limits: &Limits) -> bool {
    let Ok(beam) = BeamFile::read(bytes, limits) else {
        return false;
    };
    let mut whole = beam.md5().is_ok();
    if let Ok(facts) = ModuleFacts::read(&beam, limits) {
        assert_eq!(facts.module(), beam.module());
        assert!(facts.exports().all(|f| !f.to_string().is_empty()));
        assert!(facts.imports().count() < bytes.len().max(limits.bytes_max));
        assert!(facts.behaviours().count() <= limits.terms_max);
        assert_eq!(facts.atoms().iter().count(), facts.atoms().len());
    } else {
        whole = false;
    }
    whole &= facts::on_load(&beam).is_ok();
    whole &= facts::literals(&beam, limits).is_ok();
    whole &= DebugInfo::find(|id| beam.chunk(id), limits).is_ok();
    if let Some(data) = beam.chunk(ChunkId(*b"CInf")) {
        whole &= CompileInfo::read(data, limits).is_ok();
    }
    whole
}

#[test]
fn the_corpus_itself_is_accepted() {
    for (name, bytes) in corpus() {
        assert!(read_as_everything(&bytes, &LIMITS) > 0, "{name}");
    }
}

#[test]
fn no_mutant_of_a_real_file_makes_a_reader_panic() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let files = corpus();
    let rounds = match std::env::var_os("CUTOVER_TEST_ALL") {
        Some(_) => 300_000,
        None => 20_000,
    };
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..rounds {
        let mut random = Random::new(seed);
        let mutant = mutate::mutant(&mut random, &files);
        let read = std::panic::catch_unwind(|| read_as_everything(&mutant, &LIMITS));
        match read {
            Ok(0) => refused += 1,
            Ok(_) => accepted += 1,
            // What went wrong has been said by the panic itself.
            Err(_) => panic!("seed {seed}: {}", mutant.escape_ascii()),
        }
    }
    // Both happen, or the mutants would prove little.
    assert!(accepted > rounds / 100, "{accepted} of {rounds}");
    assert!(refused > rounds / 100, "{refused} of {rounds}");
}
