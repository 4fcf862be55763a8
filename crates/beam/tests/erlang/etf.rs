//! The external term format, both ways, as the real emulator reads and writes it.

use std::collections::BTreeMap;
use std::fs;

use beam::Limits;
use beam::etf::{
    Float, Fun, Pid, Port, Reference, Term, decode, decode_prefix, encode, encode_compressed,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::{erl, framed, write_framed};

const LIMITS: Limits = Limits::RELEASE;

/// Terms of every kind and at every boundary, each encoded in every way that the emulator knows, then
/// the tags that it still reads and no longer writes.
const TERMS: &str = r#"
    Edges = [N + D || N <- [0, 255, 256, 1 bsl 26, 1 bsl 27, 1 bsl 28, 1 bsl 31, 1 bsl 32, 1 bsl 59,
        1 bsl 60, 1 bsl 63, 1 bsl 64, 1 bsl 127, 1 bsl 128, 1 bsl 2039, 1 bsl 2040, 1 bsl 3000],
        D <- [-1, 0, 1]],
    X = lists:seq(1, 3), Y = <<"free">>,
    Remote = fun(Tag, Rest) -> binary_to_term(<<131, Tag, 119, 6, "a@host", Rest/binary>>) end,
    Terms = Edges ++ [-E || E <- Edges] ++ [
        0.0, -0.0, 1.5, -1.0e308, 5.0e-324, 1.0e-10, 3.141592653589793,
        '', a, 'Hello World', 'é', '日本', list_to_atom(lists:duplicate(255, $a)),
        list_to_atom(lists:duplicate(255, $é)), list_to_atom(lists:duplicate(255, 16#1F600)),
        {}, {a}, list_to_tuple(lists:seq(1, 255)), list_to_tuple(lists:seq(1, 256)),
        [], "abc", [0], [255], [256], [a, "b", [[]]], lists:duplicate(65535, 7), lists:duplicate(65536, 7),
        [a | b], [1, 2 | 3], ["x" | <<"y">>], [[a | b] | c],
        <<>>, <<"bytes">>, binary:copy(<<1, 2, 3>>, 30000),
        <<1:1>>, <<1:2>>, <<5:3>>, <<1:4>>, <<1:5>>, <<1:6>>, <<127:7>>, <<255, 1:1>>, <<"bits", 3:7>>,
        #{}, #{a => 1, "b" => [2], #{} => #{1 => 2}}, #{1 => a, 1.0 => b},
        maps:from_list([{N, N * N} || N <- lists:seq(1, 1000)]),
        fun lists:map/2, fun 'strange module':'strange name'/255,
        fun(Z) -> {X, Y, Z} end, fun() -> ok end, fun erlang:self/0,
        self(), make_ref(), alias(), hd(erlang:ports()),
        Remote(88, <<1:32, 2:32, 3:32>>), Remote(88, <<16#ffffffff:32, 16#ffffffff:32, 16#ffffffff:32>>),
        Remote(89, <<16#fffffff:32, 9:32>>), Remote(120, <<16#fedcba9876543210:64, 9:32>>),
        Remote(120, <<16#10000000:64, 9:32>>), Remote(120, <<16#fffffff:64, 9:32>>),
        binary_to_term(<<131, 90, 5:16, 119, 6, "a@host", 7:32, 1:32, 2:32, 3:32, 4:32, 5:32>>),
        lists:foldl(fun(_, In) -> {In} end, [], lists:seq(1, 100)),
        lists:foldl(fun(_, In) -> [In] end, [], lists:seq(1, 100))
    ],
    Compressible = binary:copy(<<"compress me ">>, 1000),
    Ways = [[], [{minor_version, 0}], [{minor_version, 1}], [{minor_version, 2}],
        [compressed], [{compressed, 9}, {minor_version, 1}]],
    Modern = [term_to_binary(T, Way) || T <- [Compressible | Terms], Way <- Ways],
    Atom = <<100, 6:16, "a@host">>,
    Small = <<115, 6, "a@host">>,
    Old = [<<131, Rest/binary>> || Rest <- [
        <<100, 1:16, 233>>, <<115, 1, 233>>, <<118, 2:16, "é"/utf8>>, <<119, 2, "é"/utf8>>,
        <<103, Atom/binary, 5:32, 6:32, 2>>, <<102, Small/binary, 7:32, 2>>, <<89, Atom/binary, 7:32, 2:32>>,
        <<101, Atom/binary, 9:32, 2>>, <<114, 3:16, Small/binary, 2, 1:32, 2:32, 3:32>>,
        <<99, "1.50000000000000000000e+00", 0:40>>, <<99, "-2.5e-3", 0:192>>,
        <<110, 1, 0, 5>>, <<110, 2, 1, 0, 0>>, <<111, 3:32, 1, 1, 0, 0>>, <<98, 7:32>>,
        <<105, 1:32, 97, 1>>, <<107, 0:16>>, <<108, 1:32, 97, 1, 106>>, <<108, 1:32, 97, 1, 107, 1:16, 2>>,
        <<108, 1:32, 97, 1, 108, 1:32, 97, 2, 97, 3>>, <<77, 1:32, 8, 255>>, <<77, 1:32, 3, 255>>
    ]],
    All = Modern ++ Old,
    Path = hd(Arguments),
    ok = file:write_file(Path, [<<(byte_size(B)):32, B/binary>> || B <- All]),
    io:format(Out, "~b", [length(All)])
"#;

/// Reads the frames of a file into the list `In`.
const READ: &str = r#"
    Read = fun(P) -> {ok, B} = file:read_file(P), [T || <<S:32, T:S/binary>> <= B] end
"#;

#[test]
fn what_the_emulator_writes_is_read_and_written_back_as_the_same_term() {
    let dir = tempfile::tempdir().unwrap();
    let (theirs, ours) = (dir.path().join("theirs"), dir.path().join("ours"));
    let count: usize = erl(TERMS, &[&theirs]).parse().unwrap();
    let bytes = fs::read(&theirs).unwrap();
    let terms = framed(&bytes);
    assert_eq!(terms.len(), count);
    let again = terms.iter().map(|bytes| {
        let term = decode(bytes, &LIMITS).unwrap_or_else(|e| panic!("{e}: {bytes:?}"));
        let encoded = encode(&term).unwrap();
        assert_eq!(decode(&encoded, &LIMITS).as_ref(), Ok(&term));
        encoded
    });
    write_framed(&ours, again);
    // Where the order of a map's pairs does not matter the bytes are the same, too.
    let code = format!(
        "{READ}, [P, Q] = Arguments, Pairs = lists:zip(Read(P), Read(Q)), \
         [io:format(Out, \"~w became ~w~n\", [A, B]) || {{A, B}} <- Pairs, \
             binary_to_term(A) =/= binary_to_term(B)], \
         [io:format(Out, \"~w is written ~w~n\", [B, C]) || {{_, B}} <- Pairs, \
             C <- [term_to_binary(binary_to_term(B), [{{minor_version, 2}}])], \
             C =/= B, not is_map(binary_to_term(B))]"
    );
    assert_eq!(erl(&code, &[&theirs, &ours]), "");
}

#[test]
fn what_is_written_is_read_by_the_emulator_as_the_same_term() {
    let dir = tempfile::tempdir().unwrap();
    let (ours, theirs) = (dir.path().join("ours"), dir.path().join("theirs"));
    let mut runner = TestRunner::deterministic();
    let strategy = term();
    let terms: Vec<Term> = (0..3000)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect();
    let packed = terms.iter().map(|term| encode_compressed(term, 6).unwrap());
    write_framed(
        &ours,
        terms.iter().map(|term| encode(term).unwrap()).chain(packed),
    );
    let code = format!(
        "{READ}, [P, Q] = Arguments, \
         Back = [term_to_binary(binary_to_term(B)) || B <- Read(P)], \
         ok = file:write_file(Q, [<<(byte_size(B)):32, B/binary>> || B <- Back])"
    );
    erl(&code, &[&ours, &theirs]);
    let bytes = fs::read(&theirs).unwrap();
    let back: Vec<Term> = framed(&bytes)
        .into_iter()
        .map(|bytes| decode(bytes, &LIMITS).unwrap())
        .collect();
    assert_eq!(back.len(), 2 * terms.len());
    for (index, term) in back.iter().enumerate() {
        assert_eq!(*term, terms[index % terms.len()]);
    }
}

fn atom() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{0,6}", "\\PC{0,8}"]
}

fn node() -> impl Strategy<Value = String> {
    // The emulator refuses identities of a node whose name is none, and takes its own for local.
    "[a-z]{1,5}@[a-z]{1,5}"
}

fn pid() -> impl Strategy<Value = Pid> {
    (node(), any::<u32>(), any::<u32>(), 1u32..).prop_map(|(node, id, serial, creation)| Pid {
        node,
        id,
        serial,
        creation,
    })
}

fn identity() -> impl Strategy<Value = Term> {
    let port = (node(), any::<u64>(), 1u32..)
        .prop_map(|(node, id, creation)| Term::Port(Port { node, id, creation }));
    let ids = prop::collection::vec(any::<u32>(), 1..=5);
    let reference = (node(), 1u32.., ids).prop_map(|(node, creation, mut ids)| {
        // The first word has 18 bits.
        ids[0] &= 0x3_ffff;
        Term::Reference(Reference {
            node,
            creation,
            ids,
        })
    });
    prop_oneof![pid().prop_map(Term::Pid), port, reference]
}

pub(crate) fn term() -> impl Strategy<Value = Term> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Term::Int),
        (0i64..300).prop_map(Term::Int),
        any::<i128>().prop_map(Term::from),
        (any::<bool>(), prop::collection::vec(any::<u8>(), 0..300))
            .prop_map(|(negative, magnitude)| Term::integer(negative, &magnitude)),
        any::<f64>().prop_filter_map("finite", |f| Float::new(f).map(Term::Float)),
        atom().prop_map(Term::Atom),
        "\\PC{0,8}".prop_map(|text| Term::string(&text)),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Term::Binary),
        (prop::collection::vec(any::<u8>(), 1..20), 1u8..=8)
            .prop_filter_map("bits", |(bytes, last)| Term::bitstring(bytes, last)),
        identity(),
        (atom(), atom(), any::<u8>()).prop_map(|(module, name, arity)| Term::Export {
            module,
            name,
            arity,
        }),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        let some = prop::collection::vec(inner.clone(), 0..6);
        prop_oneof![
            some.clone().prop_map(Term::Tuple),
            some.clone().prop_map(Term::List),
            (prop::collection::vec(inner.clone(), 1..4), atom())
                .prop_map(|(elements, tail)| Term::Improper(elements, Box::new(Term::Atom(tail)))),
            prop::collection::btree_map(inner.clone(), inner.clone(), 0..5).prop_map(Term::Map),
            (
                atom(),
                any::<[u8; 16]>(),
                any::<u32>(),
                any::<i32>(),
                pid(),
                some
            )
                .prop_map(|(module, uniq, index, old, pid, free)| {
                    Term::Fun(Box::new(Fun {
                        module,
                        // The emulator keeps no closure over nothing under another arity.
                        arity: 3,
                        uniq,
                        index: index & 0xffff,
                        old_index: i64::from(index & 0xffff),
                        old_uniq: i64::from(old & 0x7ff_ffff),
                        pid,
                        free,
                    }))
                }),
        ]
    })
}

proptest! {
    #[test]
    fn a_term_comes_back_from_its_bytes(term in term()) {
        let bytes = encode(&term).unwrap();
        prop_assert_eq!(decode(&bytes, &LIMITS), Ok(term.clone()));
        prop_assert_eq!(&encode(&decode(&bytes, &LIMITS).unwrap()).unwrap(), &bytes);
        let packed = encode_compressed(&term, 9).unwrap();
        prop_assert!(packed.len() <= bytes.len());
        prop_assert_eq!(decode(&packed, &LIMITS), Ok(term.clone()));
        // Followed by something else it is found all the same.
        for bytes in [&bytes, &packed] {
            let more = [bytes.as_slice(), &[1, 2, 3]].concat();
            prop_assert_eq!(decode_prefix(&more, &LIMITS), Ok((term.clone(), bytes.len())));
            prop_assert!(decode(&more, &LIMITS).is_err());
            for end in 0..bytes.len() {
                prop_assert!(decode(&bytes[..end], &LIMITS).is_err(), "cut at {}", end);
            }
        }
        let printed = term.to_string();
        prop_assert!(!printed.is_empty());
    }

    #[test]
    fn damaged_bytes_are_read_or_refused(
        term in term(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        packed in any::<bool>(),
    ) {
        let mut bytes = match packed {
            true => encode_compressed(&term, 6).unwrap(),
            false => encode(&term).unwrap(),
        };
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let limits = Limits { bytes_max: 1 << 20, depth_max: 64, terms_max: 10_000 };
        if let Ok(read) = decode(&bytes, &limits) {
            let again = encode(&read).unwrap();
            prop_assert_eq!(decode(&again, &LIMITS), Ok(read));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let limits = Limits { bytes_max: 1 << 16, depth_max: 32, terms_max: 1000 };
        let with_version = [&[131][..], &bytes].concat();
        for bytes in [&bytes, &with_version] {
            if let Ok((term, length)) = decode_prefix(bytes, &limits) {
                prop_assert!(length <= bytes.len());
                prop_assert!(encode(&term).is_ok());
            }
        }
    }
}

#[test]
fn the_limits_hold() {
    let limits = Limits {
        bytes_max: 1000,
        depth_max: 10,
        terms_max: 100,
    };
    let check = |bytes: &[u8], expected: &str| {
        let refused = decode(bytes, &limits).unwrap_err().to_string();
        assert!(
            refused.contains(expected),
            "{refused} is not about {expected}"
        );
    };
    let encoded = |term: &Term| encode(term).unwrap();
    check(
        &encoded(&Term::binary([0; 2000])),
        "more than the limit of 1000",
    );
    check(
        &encoded(&Term::list(vec![Term::Int(1); 200])),
        "more than 100 elements",
    );
    check(
        &encoded(&Term::list(vec![Term::Int(999); 101])),
        "more than 100 elements",
    );
    let nested = |levels| (0..levels).fold(Term::list([]), |inner, _| Term::tuple([inner]));
    check(&encoded(&nested(10)), "deeper than 10");
    assert_eq!(decode(&encoded(&nested(9)), &limits), Ok(nested(9)));
    // A million zero bytes take a thousand when packed.
    let bomb = encode_compressed(&Term::binary([0; 1_000_000]), 9).unwrap();
    assert!(bomb.len() < 2000);
    check(&bomb, "more than the limit of 1000");
    // What it says is enough: nothing of it is unpacked.
    let refused = [&bomb[..6], b"rubbish"].concat();
    check(&refused, "more than the limit of 1000");
    // The same, with a size that it does not have.
    let mut liar = bomb.clone();
    liar[2..6].copy_from_slice(&100u32.to_be_bytes());
    check(&liar, "compressed");
    // Claims of four billion elements take no room.
    for tag in [105, 108, 109, 111, 116, 77] {
        check(&[131, tag, 255, 255, 255, 255, 97], "");
    }
    // Deeper than any limit: chains of tails do not nest, and tuples are cut off.
    let unlimited = Limits {
        bytes_max: usize::MAX,
        depth_max: usize::MAX,
        terms_max: usize::MAX,
    };
    let deep = [&[131][..], &[104, 1].repeat(100_000), &[106]].concat();
    assert!(
        decode(&deep, &unlimited)
            .unwrap_err()
            .to_string()
            .contains("deeper than 320")
    );
    let chain = [
        &[131][..],
        &[108, 0, 0, 0, 1, 97, 7].repeat(100_000),
        &[106],
    ]
    .concat();
    let list = decode(&chain, &unlimited).unwrap();
    assert_eq!(list.as_list().map(<[Term]>::len), Some(100_000));
}

#[test]
fn what_the_format_cannot_hold_is_not_written() {
    let check = |term: Term, expected: &str| {
        assert_eq!(encode(&term).unwrap_err().to_string(), expected);
    };
    check(
        Term::atom("é".repeat(256)),
        "an atom of 256 characters; Erlang allows 255",
    );
    let reference = Reference {
        node: "a@b".into(),
        creation: 1,
        ids: vec![1; 6],
    };
    check(
        Term::list([Term::Reference(reference)]),
        "a reference of 6 words; Erlang has one to five",
    );
    let nothing = Term::Improper(vec![], Box::new(Term::Int(1)));
    check(nothing, "an improper list without an element");
}

#[test]
fn what_only_older_or_other_nodes_write_is_refused_by_name() {
    let check = |bytes: &[u8], expected: &str| {
        let refused = decode(bytes, &LIMITS).unwrap_err().to_string();
        assert_eq!(refused, expected);
    };
    check(
        &[131, 121, 1, 2, 3],
        "a term encoded for its own node alone",
    );
    check(
        &[130, 106],
        "not an encoded term: it begins with byte 130 instead of 131",
    );
    check(
        &[131, 117, 0],
        "unknown tag 117 of an encoded term at byte 1",
    );
    check(&[131, 82, 0], "unknown tag 82 of an encoded term at byte 1");
    check(
        &[131, 90, 0, 0, 119, 1, b'a', 0, 0, 0, 1],
        "an encoded term with a damaged reference at byte 1",
    );
    check(&[131, 106, 1], "1 bytes after an encoded term");
    check(
        &[131, 70, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0],
        "an encoded term with a damaged float at byte 1",
    );
    let twice = [131, 116, 0, 0, 0, 2, 97, 1, 97, 2, 98, 0, 0, 0, 1, 97, 3];
    check(&twice, "an encoded term with a damaged map at byte 1");
    let map = BTreeMap::from([(Term::Int(1), Term::list([]))]);
    assert_eq!(
        decode(&encode(&Term::Map(map.clone())).unwrap(), &LIMITS),
        Ok(Term::Map(map))
    );
}

#[test]
fn the_deepest_term_is_read_on_a_small_stack() {
    let deepest = [
        &[131][..],
        &[104, 1].repeat(beam::etf::DEPTH_CAP - 1),
        &[106],
    ]
    .concat();
    let limits = Limits {
        depth_max: usize::MAX,
        ..LIMITS
    };
    let read = move || {
        let term = decode(&deepest, &limits).unwrap();
        let again = encode(&term).unwrap();
        (
            term.clone() == term,
            term.to_string().len(),
            again == deepest,
        )
    };
    // Half of what a thread has, and that without the compiler's optimisation.
    let reader = std::thread::Builder::new().stack_size(1 << 20);
    let (same, length, equal) = reader.spawn(read).unwrap().join().unwrap();
    assert!(same && equal && length == 2 * beam::etf::DEPTH_CAP);
}
