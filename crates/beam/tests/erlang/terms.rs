//! Terms read and written as `file:consult/1` does.

use std::fs;

use beam::term::{Term, consult, consult_one};
use beam::{AppFile, Limits};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::erl;

/// Two notations of one Erlang term become equal: strings as lists, map pairs sorted.
fn normal(term: &Term) -> Term {
    let all = |terms: &[Term]| terms.iter().map(normal).collect::<Vec<_>>();
    match term {
        Term::Str(text) => {
            let codes = text.chars().map(|c| Term::Int(i128::from(u32::from(c))));
            Term::List(codes.collect())
        }
        Term::Tuple(elements) => Term::Tuple(all(elements)),
        Term::List(elements) => Term::List(all(elements)),
        Term::Improper(elements, tail) => Term::Improper(all(elements), Box::new(normal(tail))),
        Term::Map(pairs) => {
            let mut pairs: Vec<_> = pairs.iter().map(|(k, v)| (normal(k), normal(v))).collect();
            pairs.sort_by_key(|(key, _)| key.to_string());
            Term::Map(pairs)
        }
        other => other.clone(),
    }
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

fn term() -> impl Strategy<Value = Term> {
    let leaf = prop_oneof![
        name().prop_map(Term::Atom),
        any::<i64>().prop_map(|i| Term::Int(i128::from(i))),
        any::<i128>()
            .prop_filter("its negation has to fit", |i| *i != i128::MIN)
            .prop_map(Term::Int),
        ("-?", "[1-9][0-9]{40,50}").prop_map(|(sign, digits)| Term::BigInt(sign + &digits)),
        any::<f64>()
            .prop_filter("finite", |f| f.is_finite())
            .prop_map(Term::Float),
        "[\\PC\\n\\r\\t\\x00-\\x1f\\x7f\"\\\\]{1,8}".prop_map(Term::Str),
        prop::collection::vec(any::<u8>(), 0..8).prop_map(Term::Binary),
        "[ -~]{0,8}".prop_map(|s| Term::Binary(s.into_bytes())),
        // Erlang itself prints other names of funs wrongly: neither quoted nor in the file's encoding.
        ("[a-zA-Z.]{1,4} ", "[a-z]{1,4}_", any::<u8>()).prop_map(|(module, name, arity)| {
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
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..4).prop_map(|pairs| {
                Term::Map(pairs.into_iter().map(|(k, v)| (Term::Atom(k), v)).collect())
            }),
        ]
    })
}

#[test]
fn erlang_reads_back_every_term_that_is_printed() {
    let mut runner = TestRunner::deterministic();
    let terms: Vec<Term> = (0..600)
        .map(|_| term().new_tree(&mut runner).unwrap().current())
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("terms");
    let text: String = terms.iter().map(|t| format!("{t}.\n")).collect();
    fs::write(&path, text).unwrap();
    let printed = erl(
        r#"[Path] = Arguments,
           {ok, Terms} = file:consult(Path),
           [io:format(Out, "~tp.~n", [T]) || T <- Terms]"#,
        &[&path],
    );
    let back = consult(printed.as_bytes(), &Limits::RELEASE).unwrap();
    assert_eq!(back.len(), terms.len());
    for (ours, theirs) in terms.iter().zip(&back) {
        assert_eq!(normal(ours), normal(theirs), "{ours}");
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
    let dir = tempfile::tempdir().unwrap();
    for (index, text) in texts.iter().enumerate() {
        fs::write(dir.path().join(index.to_string()), text).unwrap();
    }
    let count = texts.len();
    let printed = erl(
        &format!(
            r#"[Dir] = Arguments,
               [case file:consult(filename:join(Dir, integer_to_list(N))) of
                    {{ok, Terms}} -> io:format(Out, "~tw.~n", [Terms]);
                    {{error, _}} -> io:format(Out, "error.~n", [])
                end || N <- lists:seq(0, {})]"#,
            count - 1
        ),
        &[dir.path()],
    );
    let theirs = consult(printed.as_bytes(), &Limits::RELEASE).unwrap();
    for (text, theirs) in texts.iter().zip(&theirs) {
        let ours = match consult(text.as_bytes(), &Limits::RELEASE) {
            Ok(terms) => Term::List(terms),
            Err(_) => Term::atom("error"),
        };
        assert_eq!(normal(&ours), normal(theirs), "{text}");
    }
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
        prop_assert_eq!(normal(&back), normal(&term), "{}", text);
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
