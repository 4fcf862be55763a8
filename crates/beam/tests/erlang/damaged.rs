//! Damaged encoded terms, read or refused as the emulator does.

use std::fs;

use beam::Limits;
use beam::etf::{decode, decode_prefix, encode, encode_compressed};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::{erl, framed, write_framed};

/// Bytes that were a term before some of them were changed, cut off or added.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), 0..6, any::<u8>());
    (
        crate::etf::term(),
        prop::collection::vec(change, 1..3),
        0..4,
    )
        .prop_map(|(term, changes, form)| {
            let mut bytes = match form {
                0 => encode_compressed(&term, 6).unwrap(),
                _ => encode(&term).unwrap(),
            };
            for (at, kind, byte) in changes {
                let at = at.index(bytes.len());
                match kind {
                    0 => bytes.truncate(at + 1),
                    1 => bytes.insert(at, byte),
                    2 => bytes[at] = bytes[at].wrapping_add(1),
                    // Tags are next to each other.
                    3 => bytes[at] = 97 + byte % 24,
                    _ => bytes[at] = byte,
                }
            }
            bytes
        })
}

#[test]
fn damaged_terms_are_read_or_refused_as_the_emulator_does() {
    let mut runner = TestRunner::deterministic();
    let strategy = damaged();
    // Of many more than these some end the emulator itself.
    let count = 5000;
    let inputs: Vec<Vec<u8>> = (0..count)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let (ours, theirs) = (dir.path().join("ours"), dir.path().join("theirs"));
    write_framed(&ours, inputs.iter().cloned());
    erl(
        r#"[Ours, Theirs] = Arguments, {ok, Bytes} = file:read_file(Ours),
           Read = fun(B) -> try binary_to_term(B) of T -> {ok, T} catch error:badarg -> refused end end,
           Answers = [term_to_binary(Read(B)) || <<S:32, B:S/binary>> <= Bytes],
           ok = file:write_file(Theirs, [<<(byte_size(B)):32, B/binary>> || B <- Answers])"#,
        &[&ours, &theirs],
    );
    let theirs = fs::read(&theirs).unwrap();
    let mut read = 0;
    for (input, theirs) in inputs.iter().zip(framed(&theirs)) {
        let theirs = decode(theirs, &Limits::RELEASE).unwrap();
        // The emulator does not look at what follows.
        let ours = decode_prefix(input, &Limits::RELEASE).map(|(term, _)| term);
        match (&ours, theirs.as_tuple()) {
            (Ok(ours), Some([_, theirs])) => {
                assert_eq!(ours, theirs, "{}", input.escape_ascii());
                read += 1;
            }
            (Err(_), None) => {}
            _ => panic!("{}: {ours:?}, {theirs}", input.escape_ascii()),
        }
    }
    assert!(read > count / 20, "{read}");
}
