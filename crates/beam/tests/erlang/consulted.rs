//! Texts that nobody would write: refused and understood just as Erlang does.

use std::fs;

use beam::term::{Coding, coding, consult};
use beam::{Limits, etf};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::terms::{etf, term};
use crate::{all, erl, framed, write_framed};

/// What comes of texts here and there, all of them in one run of `erl`.
pub(crate) fn compare(texts: Vec<Vec<u8>>) {
    let dir = tempfile::tempdir().unwrap();
    for (index, text) in texts.iter().enumerate() {
        fs::write(dir.path().join(index.to_string()), text).unwrap();
    }
    let (answers, last) = (dir.path().join("answers"), texts.len() - 1);
    erl(
        &format!(
            r#"[Dir, Answers] = Arguments,
               Encoded = [try file:consult(filename:join(Dir, integer_to_list(N))) of
                    {{ok, Terms}} -> term_to_binary(Terms);
                    {{error, _}} -> term_to_binary(error)
                % Erlang's own way to say that the bytes are not of the encoding.
                catch error:{{case_clause, {{error, tokens}}}} -> term_to_binary(error)
                end || N <- lists:seq(0, {last})],
               ok = file:write_file(Answers, [<<(byte_size(B)):32, B/binary>> || B <- Encoded])"#,
        ),
        &[dir.path(), &answers],
    );
    let answers = fs::read(&answers).unwrap();
    let answers = framed(&answers);
    assert_eq!(answers.len(), texts.len());
    for (text, theirs) in texts.iter().zip(answers) {
        let theirs = etf::decode(theirs, &Limits::RELEASE).unwrap();
        let ours = consult(text, &Limits::RELEASE);
        let ours_etf = match &ours {
            Ok(terms) => etf::Term::List(terms.iter().map(etf).collect()),
            Err(_) => etf::Term::atom("error"),
        };
        assert_eq!(ours_etf, theirs, "{}: {ours:?}", text.escape_ascii());
    }
}

/// Words, signs and broken pieces in random order.
#[test]
fn a_text_of_random_pieces_means_here_what_it_means_to_erlang() {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            "<<",
            ">>",
            "#{",
            "#",
            "=>",
            ",",
            "|",
            ". ",
            ".",
            " ",
            "\n",
            "a",
            "'b'",
            "'",
            "\"c\"",
            "\"",
            "$a",
            "$",
            "\\",
            "16#f",
            "1",
            "1.5",
            "0.0e1",
            "_",
            "-",
            "+",
            "fun",
            "fun a:b/1",
            ":",
            "/",
            "utf8",
            "little",
            "8",
            "%x\n",
            "é",
            "(",
            ")",
            "A",
            "when",
            ":=",
            "||",
            "\u{1F600}",
            "\u{fffe}",
            "\u{85}",
            "\0",
        ])
        .prop_map(str::to_owned),
        term().prop_map(|term| term.to_string()),
    ];
    let segment = ("[-+]?[0-9]{1,2}|\"a?é?\"|<<1,2:3>>|1\\.5|\\(1\\)", "(:[0-9]{1,2}|:\\(3\\))?",
        "(/(integer|float|binary|bytes|bits|utf8|utf16|utf32|little|big|native|signed|unsigned|unit:[0-9]{1,2}))?",
        "(-(little|big|signed|unit:8|unit:1|integer|utf16|binary))?")
        .prop_map(|(value, size, kind, more)| format!("{value}{size}{kind}{more}"));
    let binary = prop::collection::vec(segment, 1..4)
        .prop_map(|segments| format!("<<{}>>.", segments.join(",")));
    let number = "[-+]?(3[0-7]|2|16|1_6)?#?[0-9a-fA-Z_.]{1,8}([eE][+-]?[0-9_]{1,3})?\\.";
    let escape = "[\"'$](\\\\[\\PC\n]|\\\\x\\{[0-9a-fA-F]{1,6}\\}|\\\\x[0-9a-f]{1,3}|\\\\[0-9]{1,4}|\\\\\\^[\\PC]|[a ]){1,3}[\"']?\\.";
    let pieces = prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat() + ".");
    let text = prop_oneof![pieces, binary, number, escape];
    let mut runner = TestRunner::deterministic();
    let count = if all() { 30_000 } else { 3000 };
    let texts = (0..count).map(|_| text.new_tree(&mut runner).unwrap().current());
    let texts = texts.filter(|text| !newer(text));
    compare(texts.map(String::into_bytes).collect());
}

/// Whether the text has what only OTP 27 reads as we do, or a float whose bits we refuse.
fn newer(text: &str) -> bool {
    text.contains("\"\"\"") || text.contains('~') || text.contains("float")
}

/// Bytes that are no UTF-8, or Latin-1 with a word that says so.
#[test]
fn a_text_in_any_encoding_means_here_what_it_means_to_erlang() {
    let pieces: Vec<&[u8]> = vec![
        b"%",
        b" coding: latin-1",
        b"coding: utf-8",
        b"\n",
        b"\"",
        b"'",
        b"\xe9",
        b"\xc3\xa9",
        b"\xff",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xef\xbf\xbe",
        b"\xf4\x90\x80\x80",
        b"\xe2\x82",
        b"a",
        b"<<",
        b">>",
        b".",
        b" ",
        b". ",
        b"$",
        b"\x85",
        b"\xa0",
        b"\xd7",
        b"\xc4",
    ];
    let text = prop::collection::vec(prop::sample::select(pieces), 0..10)
        .prop_map(|pieces| [&pieces.concat()[..], b"."].concat());
    let mut runner = TestRunner::deterministic();
    let texts = (0..3000).map(|_| text.new_tree(&mut runner).unwrap().current());
    compare(texts.collect());
}

/// Which encoding a file declares, as `epp` finds it.
#[test]
fn the_declared_encoding_is_the_one_that_epp_finds() {
    let piece = prop::sample::select(vec![
        "%", "coding", "oding", "c", ":", "=", " ", "latin", "Latin-1", "latin-1", "utf-8", "utf8",
        "-", "1", "8", "\n", "-*- ", "erlang", "\t", "_",
    ]);
    let likely = (
        "(%% -\\*- |% |)",
        "c?coding ?[:=]? ?",
        "(latin|UTF|utf)-?[18]?",
        "(-\\*-|-x|_|\n)?",
    )
        .prop_map(|(head, word, name, tail)| format!("{head}{word}{name}{tail}"));
    let random = prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    let heads = prop::collection::vec(prop_oneof![likely, random], 1..4)
        .prop_map(|heads| heads.concat().into_bytes());
    let mut runner = TestRunner::deterministic();
    let heads: Vec<Vec<u8>> = (0..3000)
        .map(|_| heads.new_tree(&mut runner).unwrap().current())
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("heads");
    write_framed(&path, heads.iter().cloned());
    let found = erl(
        r#"[P] = Arguments, {ok, B} = file:read_file(P),
           [io:format(Out, "~w~n", [epp:read_encoding_from_binary(H)]) || <<S:32, H:S/binary>> <= B]"#,
        &[&path],
    );
    let found: Vec<&str> = found.lines().collect();
    assert_eq!(found.len(), heads.len());
    assert!(found.iter().filter(|f| **f == "latin1").count() > 20);
    for (head, theirs) in heads.iter().zip(found) {
        let ours = coding(head);
        let same = (ours == Coding::Latin1) == (theirs == "latin1");
        assert!(same, "{}: {ours:?} {theirs}", head.escape_ascii());
    }
}
