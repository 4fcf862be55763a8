//! The deepest terms that are read fit in the stack of a thread.

use beam::Limits;
use beam::etf::{self, DEPTH_CAP, DecodeError};
use beam::term::{TermError, consult_one};

/// What a thread has by default.
const STACK_BYTES: usize = 2 << 20;

/// Reads, copies, compares, prints, writes and drops terms of every kind that nests.
#[test]
fn the_deepest_term_fits_in_a_threads_stack() {
    let work = || {
        let limits = Limits {
            depth_max: usize::MAX,
            ..Limits::RELEASE
        };
        for (open, close) in [
            ("{", "}"),
            ("[", "]"),
            ("[a|{", "}]"),
            ("#{a=>", "}"),
            ("(", ")"),
        ] {
            let nested = |depth: usize| format!("{}a{}.", open.repeat(depth), close.repeat(depth));
            let each = if open.len() == 4 { 2 } else { 1 };
            let text = consult_one(nested(DEPTH_CAP / each - 1).as_bytes(), &limits).unwrap();
            let refused = consult_one(nested(DEPTH_CAP + 1).as_bytes(), &limits).unwrap_err();
            assert!(matches!(refused, TermError::Limit { .. }), "{refused}");
            let term = etf::Term::try_from(&text).unwrap();
            let bytes = etf::encode(&term.clone()).unwrap();
            let back = etf::decode(&bytes, &limits).unwrap();
            assert_eq!(back, term);
            assert_eq!(back.to_string(), text.to_string());
            assert!(text.pretty().to_string().len() >= DEPTH_CAP / 4 || open == "(");
            assert_eq!(text.clone().with_strings(), text);
        }
        let mut deep = vec![131];
        deep.extend([104, 1].repeat(1_000_000));
        let limit = DEPTH_CAP;
        assert_eq!(
            etf::decode(&deep, &limits),
            Err(DecodeError::TooDeep { limit })
        );
        let opened = "{#{[<<(-(".repeat(1_000_000);
        assert!(consult_one(opened.as_bytes(), &limits).is_err());
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    thread.spawn(work).unwrap().join().unwrap();
}
