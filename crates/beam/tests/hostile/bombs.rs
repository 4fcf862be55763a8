//! Small inputs that stand for much, and large ones that stand for nothing.

use std::sync::PoisonError;

use beam::{BeamError, BeamFile, Limits, ModuleFacts, facts};

use crate::build::{self, Chunks};
use crate::{ALONE, LIMITS, corpus, read_as_everything};

fn sample() -> Chunks {
    let files = corpus();
    let (_, bytes) = files
        .iter()
        .find(|(name, _)| name == "sample.beam")
        .unwrap();
    build::chunks(bytes).unwrap()
}

/// The sample with other contents of one chunk.
fn with(id: &[u8; 4], data: Vec<u8>) -> Vec<u8> {
    let mut chunks = sample();
    chunks.retain(|(found, _)| found != id);
    chunks.push((*id, data));
    build::beam(&chunks)
}

fn word(value: u32) -> [u8; 4] {
    value.to_be_bytes()
}

/// A field of the process's status in bytes.
fn status_bytes(field: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    let number = line.split_ascii_whitespace().nth(1).unwrap();
    number.parse::<usize>().unwrap() * 1024
}

/// How much more memory than before the process held at most while it did something.
fn peak_bytes<T>(work: impl FnOnce() -> T) -> (T, usize) {
    // Sets the mark back to what is held now.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = status_bytes("VmRSS:");
    let done = work();
    (done, status_bytes("VmHWM:").saturating_sub(before))
}

#[test]
fn bombs_are_refused_in_little_memory() {
    const MIB: usize = 1 << 20;
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let zeros = vec![0; 16 * MIB];
    let nested = |open: &[u8]| open.repeat(MIB / 4 / open.len());
    let list_of_lists = [&[131, 108][..], &word(u32::MAX), &[106].repeat(MIB - 10)].concat();
    let strings = [&[131, 108][..], &word(100), &[107, 255, 255].repeat(5)].concat();
    let atoms = |count: u32, rest: usize| [&word(count)[..], &vec![0; rest]].concat();
    let flood = b"Flod\0\0\0\0".repeat(MIB / 8 - 2);
    let many_maps = [&[131][..], &[116, 0, 0, 0, 1, 106].repeat(MIB / 8)].concat();
    let bombs: Vec<(&str, Vec<u8>)> = vec![
        ("gzip", build::gzip(&zeros)),
        ("packed term", build::packed_term(&zeros)),
        (
            "size of a packed term",
            [&[131, 80][..], &word(u32::MAX), b"x"].concat(),
        ),
        ("literals", with(b"LitT", build::literals(&zeros))),
        (
            "count of literals",
            with(b"LitT", build::literals(&word(u32::MAX))),
        ),
        (
            "literals together",
            with(b"LitT", {
                let literal = [&word(1004)[..], &[131, 107, 3, 232], &[7; 1000]].concat();
                build::literals(&[&word(100)[..], &literal.repeat(100)].concat())
            }),
        ),
        ("attributes", with(b"Attr", build::packed_term(&zeros))),
        (
            "compile information",
            with(b"CInf", build::packed_term(&zeros)),
        ),
        (
            "debug information",
            with(b"Dbgi", build::packed_term(&zeros)),
        ),
        ("count of atoms", with(b"AtU8", atoms(i32::MAX as u32, 0))),
        ("count of compact atoms", with(b"AtU8", atoms(1 << 31, 100))),
        ("empty atoms", with(b"AtU8", atoms(MIB as u32, MIB))),
        ("exports", with(b"ExpT", atoms(u32::MAX, 12))),
        ("imports", with(b"ImpT", atoms(u32::MAX, 12))),
        (
            "code",
            with(
                b"Code",
                [&word(16)[..], &[0; 16], &[149].repeat(1000)].concat(),
            ),
        ),
        (
            "list of code",
            with(b"Code", {
                let list = [&[1, 0x17, 0xf8, 0xff][..], &[0xff; 8]].concat();
                [&word(16)[..], &[0; 16], &list, &[149]].concat()
            }),
        ),
        ("chunks", [&b"FOR1\0\0\0\0BEAM"[..], &flood].concat()),
        ("tuples", [&[131][..], &nested(&[104, 1])].concat()),
        ("lists", [&[131][..], &nested(&[108, 0, 0, 0, 1])].concat()),
        ("maps", many_maps),
        ("count of a list", list_of_lists),
        ("strings", strings),
        (
            "count of a tuple",
            [&[131, 105][..], &word(u32::MAX), &[106; 100]].concat(),
        ),
        (
            "size of a binary",
            [&[131, 109][..], &word(u32::MAX), &[1; 100]].concat(),
        ),
        ("open tuples", nested(b"{")),
        ("open binaries", nested(b"<<")),
        ("signs", nested(b"-(")),
        ("keys", nested(b"#{")),
        ("wide list", [&b"["[..], &nested(b"a,"), b"a]."].concat()),
        ("digits", nested(b"9")),
        ("digits of base 36", [&b"36#"[..], &nested(b"z")].concat()),
        ("bits", b"<<1:99999999999999999999>>.".to_vec()),
        ("units", b"<<1:9999999999/unit:256>>.".to_vec()),
        (
            "copies of bits",
            [&b"<<"[..], &b"1:8000000,".repeat(20_000), b"1>>."].concat(),
        ),
        ("an atom", nested(b"a")),
        ("a string", [&b"\""[..], &nested(b"a")].concat()),
        ("quotes", nested(b"\"")),
        ("comments", [&nested(b"%\n")[2..], b"{"].concat()),
        ("much", vec![b' '; 8 * MIB]),
    ];
    drop(zeros);
    // The measure measures.
    let (_, peak) = peak_bytes(|| vec![1u8; 8 * MIB].iter().filter(|b| **b == 1).count());
    assert!((7 * MIB..12 * MIB).contains(&peak), "{peak}");
    for (name, bomb) in bombs {
        let (accepted, peak) = peak_bytes(|| read_as_everything(&bomb, &LIMITS));
        assert!(peak < 16 * MIB, "{name}: {peak} bytes");
        assert_eq!(accepted, 0, "{name}");
    }
}

/// What has a name for its refusal.
#[test]
fn floods_of_chunks_and_atoms_are_refused_by_number() {
    let limits = Limits::RELEASE;
    let flood = [&b"FOR1\0\0\0\0BEAM"[..], &b"Flod\0\0\0\0".repeat(1000)].concat();
    let error = BeamFile::read(&flood, &limits).unwrap_err();
    assert_eq!(error.to_string(), "a BEAM file of more than 256 chunks");
    let count = 2_000_000u32;
    let mut table = word(count).to_vec();
    table.extend([1, b'a'].repeat(count as usize));
    let bytes = with(b"AtU8", table);
    let beam = BeamFile::read(&bytes, &limits).unwrap();
    let error = ModuleFacts::read(&beam, &limits).unwrap_err();
    assert_eq!(error.to_string(), "a BEAM file of more than 1048576 atoms");
    assert!(matches!(
        BeamFile::read(&with(b"AtU8", word(0).to_vec()), &limits),
        Err(BeamError::AtomTable)
    ));
}

/// The same module as older and newer compilers write it.
#[test]
fn a_module_in_the_form_of_other_releases_says_the_same() {
    let limits = Limits::RELEASE;
    let original = build::beam(&sample());
    let original = BeamFile::read(&original, &limits).unwrap();
    let expected = ModuleFacts::read(&original, &limits).unwrap();
    let long = "ü".repeat(255);
    let compact = |name: &[u8]| match name.len() {
        short @ 0..16 => vec![(short as u8) << 4],
        length => vec![((length >> 8) as u8) << 5 | 0b1000, length as u8],
    };
    let names: Vec<&str> = expected.atoms().iter().collect();
    let mut otp_28 = word((names.len() as u32 + 1).wrapping_neg()).to_vec();
    let mut latin1 = word(names.len() as u32).to_vec();
    for name in &names {
        otp_28.extend(compact(name.as_bytes()));
        otp_28.extend(name.as_bytes());
        let bytes: Vec<u8> = name.chars().map(|c| c as u8).collect();
        latin1.push(bytes.len() as u8);
        latin1.extend(bytes);
    }
    otp_28.extend(compact(long.as_bytes()));
    otp_28.extend(long.as_bytes());

    let mut newer = sample();
    newer.retain(|(id, _)| id != b"AtU8" && id != b"LitT");
    newer.push((*b"AtU8", otp_28));
    let literals = original.chunk(beam::ChunkId(*b"LitT")).unwrap();
    let plain = [&word(0)[..], &build::plain_literals(literals)].concat();
    newer.push((*b"LitT", plain));
    let newer = build::beam(&newer);
    let newer = BeamFile::read(&newer, &limits).unwrap();
    let found = ModuleFacts::read(&newer, &limits).unwrap();
    assert_eq!(
        found.atoms().get(names.len() as u32 + 1),
        Some(long.as_str())
    );
    assert_eq!(found.atoms().get(names.len() as u32 + 2), None);
    assert!(found.exports().eq(expected.exports()));
    assert_eq!(found.attributes(), expected.attributes());
    assert_eq!(
        facts::literals(&newer, &limits),
        facts::literals(&original, &limits)
    );
    assert_eq!(facts::on_load(&newer), Ok(Some("init".to_owned())));

    let mut older = sample();
    older.retain(|(id, _)| id != b"AtU8");
    older.insert(0, (*b"Atom", latin1));
    let older = build::beam(&older);
    let older = BeamFile::read(&older, &limits).unwrap();
    assert_eq!(older.module(), "sample");
    assert_eq!(ModuleFacts::read(&older, &limits), Ok(expected));
}

#[test]
fn what_a_module_says_is_found() {
    let bytes = build::beam(&sample());
    let beam = BeamFile::read(&bytes, &Limits::RELEASE).unwrap();
    let facts = ModuleFacts::read(&beam, &Limits::RELEASE).unwrap();
    assert_eq!(facts.module(), "sample");
    assert!(facts.has_export("handle_call", 3) && !facts.has_export("handle_call", 2));
    assert!(facts.has_import("lists", "map", 2) && facts.loads_nif());
    assert!(facts.has_behaviour("gen_server") && !facts.defines_behaviour());
    assert_eq!(facts.vsn().unwrap().to_string(), "\"1.2\"");
    assert_eq!(facts.funs(), 2);
    let debug = facts::DebugInfo::find(|id| beam.chunk(id), &Limits::RELEASE);
    let debug = debug.unwrap().unwrap();
    assert_eq!(debug.backend, "erl_abstract_code");
    let forms = debug.erlang_forms().unwrap();
    assert!(
        forms
            .iter()
            .any(|form| form.to_string().contains("record,{state"))
    );
    assert_eq!(debug.elixir_map(), None);
    let encrypted = facts::DebugInfo::find(|_| Some(&[0, 8, 1]), &Limits::RELEASE);
    let encrypted = encrypted.unwrap_err().to_string();
    assert_eq!(encrypted, "chunk Dbgi of a BEAM file is encrypted");
}
