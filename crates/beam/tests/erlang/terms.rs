//! Terms read and written as `file:consult/1` does.

use std::fs;

use beam::etf;
use beam::term::{Term, consult, consult_one};
use beam::{AppFile, Limits};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::consulted::compare;
use crate::{erl, framed};

/// The same Erlang term, however it was written.
pub(crate) fn etf(term: &Term) -> etf::Term {
    etf::Term::try_from(term).unwrap()
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-zA-Z0-9_@]{0,8}",
        "[\\PC\\n\\t'\\\\\"]{0,6}",
        prop::sample::select(vec![
            "end",
            "maybe",
            "else",
            "Elixir.Shop",
            "",
            "ünder",
            "a.b",
            "fun"
        ])
        .prop_map(str::to_owned),
    ]
}

pub(crate) fn term() -> impl Strategy<Value = Term> {
    let leaf = prop_oneof![
        name().prop_map(Term::Atom),
        any::<i64>().prop_map(|i| Term::Int(i128::from(i))),
        any::<i128>().prop_map(Term::Int),
        prop::sample::select(vec![i128::MIN, i128::MAX, 0, -1]).prop_map(Term::Int),
        (any::<bool>(), prop::collection::vec(any::<u8>(), 17..40))
            .prop_map(|(negative, magnitude)| Term::integer(negative, &magnitude)),
        any::<f64>()
            .prop_filter("finite", |f| f.is_finite())
            .prop_map(Term::Float),
        "[\\PC\\n\\r\\t\\x00-\\x1f\\x7f\"\\\\\u{fffe}\u{ffff}\u{2028}]{1,8}".prop_map(Term::Str),
        prop::collection::vec(any::<u8>(), 0..8).prop_map(Term::Binary),
        "[ -~]{0,8}".prop_map(|s| Term::Binary(s.into_bytes())),
        (prop::collection::vec(any::<u8>(), 1..5), 1u8..8).prop_map(|(bytes, last_bits)| {
            let term = etf::Term::bitstring(bytes, last_bits).unwrap();
            Term::try_from(&term).unwrap()
        }),
        (name(), name(), any::<u8>()).prop_map(|(module, name, arity)| {
            Term::Fun {
                module,
                name,
                arity,
            }
        }),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Term::Tuple),
            prop::collection::vec(inner.clone(), 0..5).prop_map(Term::List),
            (prop::collection::vec(inner.clone(), 1..4), name())
                .prop_map(|(e, tail)| Term::Improper(e, Box::new(Term::Atom(tail)))),
            prop::collection::vec((inner.clone(), inner), 0..4).prop_map(Term::Map),
        ]
    })
}

#[test]
fn erlang_reads_back_every_term_that_is_printed() {
    let mut runner = TestRunner::deterministic();
    let terms: Vec<Term> = (0..4000)
        .map(|_| term().new_tree(&mut runner).unwrap().current())
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let (texts, back) = (dir.path().join("texts"), dir.path().join("back"));
    let text: String = terms
        .iter()
        .map(|term| format!("{term}.\n{}.\n", term.pretty()))
        .collect();
    fs::write(&texts, text).unwrap();
    erl(
        r#"[Texts, Back] = Arguments,
           {ok, Terms} = file:consult(Texts),
           Encoded = [term_to_binary(T) || T <- Terms],
           ok = file:write_file(Back, [<<(byte_size(B)):32, B/binary>> || B <- Encoded])"#,
        &[&texts, &back],
    );
    let back = fs::read(&back).unwrap();
    let back = framed(&back);
    assert_eq!(back.len(), 2 * terms.len());
    for (term, theirs) in terms.iter().zip(back.chunks_exact(2)) {
        for theirs in theirs {
            let theirs = etf::decode(theirs, &Limits::RELEASE).unwrap();
            assert_eq!(etf(term), theirs, "{term}");
        }
    }
}

/// Texts as a person or a tool may write them; Erlang says what they mean, or that they mean nothing.
#[test]
fn a_text_means_here_what_it_means_to_erlang() {
    let texts = [
        "% a comment\n{a, 'B c', \"d\"}. % another",
        "[1_000, 16#fF, 2#1010, 36#z, -16#10, +7, - 5].",
        "{170141183460469231731687303715884105728, -000123456789012345678901234567890123456789012}.",
        "[1.0, -2.5e-3, 1.0E10, 1_0.0_1].",
        r#"["\n\t\r\b\d\e\f\v\s\\\"\'", "\x41\x{1F600}\101\7", "\^A\^z", "a" "b" "c"]."#,
        "[$a, $\\n, $\\x{41}, $\\^A, $%, $ ].",
        "<<>>. <<\"ab\", 1, 300, -1>>. <<\"\\x{100}é\">>. <<\"é€\"/utf8>>.",
        "#{a => 1, \"k\" => #{}}.",
        "[a, b | c]. [a | [b]]. [a | \"bc\"]. [].",
        "fun lists:map/2. fun 'Elixir.A':'b!'/0.",
        "(1). {(a), [((b))]}. -(1). -((1.5)). +$a. -$b. (fun a:b/1). (\"a\" \"b\").",
        "-(-1).",
        "+ -1.",
        "(a",
        "fun (a):b/1.",
        "fun a:b/256.",
        "fun a : b / 16#f.",
        "<<1:4>>. <<1, 2:16>>. <<-1:16/signed-little>>. <<16#abc:12/little>>. <<16#abc:12, 1:1>>.",
        "<<1.5/float>>. <<2/float-little>>. <<1.5:32/float>>. <<-1.5/float>>. <<\"ab\"/float>>.",
        "<<<<1, 2>>/binary>>. <<<<1, 2>>:1/binary>>. <<<<1, 2, 7:3>>/bits, 1:5>>. <<(<<1>>)/bytes>>.",
        "<<\"abc\":16>>. <<\"abc\"/utf16>>. <<\"é😀\"/utf16-little>>. <<\"é\"/utf32>>. <<$a/utf8, 1:(8)>>.",
        "<<1:8/integer-unit:2>>. <<1:16/native>>. <<-$a>>. <<1:$a>>. <<1:0>>. <<\"\"/utf8>>.",
        "<<340282366920938463463374607431768211456:136>>. <<-170141183460469231731687303715884105729:136>>.",
        "<<-340282366920938463463374607431768211456:140/little>>.",
        "<<\"abc\"/binary>>.",
        "<<\"\"/binary>>.",
        "<<[]>>.",
        "<<1/binary>>.",
        "<<1:-1>>.",
        "<<1/unit:8>>.",
        "<<1:8/unit:300>>.",
        "<<1/integer-little-big>>.",
        "<<1:8/signed-unsigned>>.",
        "<<1/integer-integer>>.",
        "<<1.5>>.",
        "<<1:8:8>>.",
        "<<16#D800/utf8>>.",
        "<<1:8/utf8>>.",
        "<< <<1:3>>/binary >>.",
        "<< <<1>>:2/binary >>.",
        "<<(\"a\"):16, (-1)>>.",
        "#{a => 1, a => 2}. # {b => 1}. #{1 => a, 1.0 => b}. #{<<\"a\">> => 1, <<97>> => 2}.",
        "#{a := 1}.",
        "\"\\x{D800}\".",
        "\"\\x{FFFE}\".",
        "'\u{ffff}'.",
        "\"\\^?\\^[\\^é\\^\n\\\n\".",
        "let.",
        "cond.",
        "1.0e-400. 1.0e5_0. 16#f_f. 1_6#f.",
        "1.0e400.",
        "1__0.",
        "37#1.",
        "16#123456789abcdef0123456789abcdef0123456789.",
        "\u{a0}a\u{85}.",
        "\u{feff}a.",
        "< <1>>.",
        "\"a\" ++ \"b\".",
        "åäö. 'été' . a@b_C1.",
        "\"\". \"a\nb\".",
        "{a,b}.\n\n\n[c].\n",
        "",
        "% only a comment",
        "{a, b}",
        "{a, b}. c d.",
        "{a,}.",
        "[a | b, c].",
        "A.",
        "f(x).",
        "{a b}.",
        "\"unfinished.",
        "'unfinished.",
        "16#.",
        "1#0.",
        "<<a>>.",
        "#{a}.",
        "a.b.",
        "1.e5.",
        "\"\\x{110000}\".",
        "end.",
        "fun.",
        "1 + 1.",
        "<<1.0>>.",
        "$",
        "- a.",
    ];
    compare(texts.iter().map(|text| text.as_bytes().to_vec()).collect());
}

/// Every resource file that is installed, Latin-1 ones too.
#[test]
fn every_installed_app_file_is_read() {
    let listed = erl(
        r#"Files = filelib:wildcard(code:lib_dir() ++ "/*/ebin/*.app"),
           [begin
                {ok, [{application, Name, P}]} = file:consult(F),
                io:format(Out, "~ts|~ts|~ts|~b~n", [F, Name, proplists:get_value(vsn, P),
                    length(proplists:get_value(modules, P, []))])
            end || F <- Files]"#,
        &[],
    );
    assert!(listed.lines().count() > 15, "{listed}");
    for line in listed.lines() {
        let fields: Vec<&str> = line.split('|').collect();
        let bytes = fs::read(fields[0]).unwrap();
        let app = AppFile::read(&bytes, &Limits::RELEASE).unwrap();
        assert_eq!([app.name.as_str(), app.vsn.as_str()], fields[1..3]);
        assert_eq!(app.modules.len().to_string(), fields[3], "{line}");
    }
}

#[test]
fn a_declared_latin1_file_is_read() {
    let text = b"%% coding: latin-1\n\"\xe9\".\n";
    let term = consult_one(text, &Limits::RELEASE).unwrap();
    assert_eq!(term, Term::string("é"));
    let error = consult_one(b"\"\xe9\".\n", &Limits::RELEASE).unwrap_err();
    assert!(
        error.to_string().starts_with("byte 1 is not UTF-8"),
        "{error}"
    );
}

#[test]
fn depth_terms_and_bytes_are_limited() {
    let limits = Limits {
        bytes_max: 1000,
        depth_max: 10,
        terms_max: 20,
    };
    let message = |text: &str| consult(text.as_bytes(), &limits).unwrap_err().to_string();
    assert_eq!(
        message(&" ".repeat(1001)),
        "more than the limit of 1000 bytes"
    );
    assert_eq!(
        message(&"[".repeat(500)),
        "more than the limit of 10 nested terms"
    );
    let wide = format!("[{}a].", "a,".repeat(100));
    assert_eq!(message(&wide), "more than the limit of 20 terms");
    let deep = "{".repeat(4_000_000);
    assert!(consult(deep.as_bytes(), &Limits::RELEASE).is_err());
}

proptest! {
    #[test]
    fn a_printed_term_reads_back(term in term()) {
        let text = format!("{term}.");
        let back = consult_one(text.as_bytes(), &Limits::RELEASE).unwrap();
        prop_assert_eq!(etf(&back), etf(&term), "{}", text);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _any_result = consult(&bytes, &Limits::RELEASE);
        let _any_result = AppFile::read(&bytes, &Limits::RELEASE);
        let _any_result = beam::RelFile::read(&bytes, &Limits::RELEASE);
    }

    #[test]
    fn no_text_of_erlang_like_pieces_panics(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", "<<", ">>", "#{", "=>", ",", "|", ".", " ", "\n", "a", "'b", "'", "\"",
            "$", "\\", "\\x{", "\\^", "16#", "#", "1", "1.", "0e", "_", "-", "+", "fun", ":", "/",
            "utf8", "%", "é", "\u{1F600}", "(", ")",
        ]), 0..40)
    ) {
        let _any_result = consult(pieces.concat().as_bytes(), &Limits::RELEASE);
    }
}
