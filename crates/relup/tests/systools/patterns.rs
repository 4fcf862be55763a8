//! Versions that are patterns, held against the `re` of the installed Erlang.

use std::collections::BTreeSet;
use std::path::Path;

use beam::Term;
use beam::term::consult_one;
use relup::{Appup, Direction};

use crate::otp::ask;
use crate::rng::Rng;

const VSNS: &[&str] = &[
    "",
    "1",
    "2",
    "1.0",
    "1.0.1",
    "1.10",
    "11.0",
    "1.0-rc.1",
    "1.0+build",
    "10.8.7",
    "8.0.0.12",
    "8.4.1",
    "a",
    "ab",
    "aab",
    "1.é",
    " 1",
    "1_0",
];

/// What is made of patterns and versions here and there.
fn check(patterns: &BTreeSet<String>) -> (usize, usize) {
    let mut questions = Vec::new();
    for pattern in patterns {
        for vsn in VSNS {
            questions.push(Term::Tuple(vec![
                Term::atom("version"),
                Term::string(*vsn),
                Term::Binary(pattern.clone().into_bytes()),
            ]));
        }
    }
    let mut answers = ask(&questions).into_iter();
    let (mut understood, mut refused) = (0, 0);
    for pattern in patterns {
        let appup = Appup::read(&Term::Tuple(vec![
            Term::string("9"),
            Term::List(vec![Term::Tuple(vec![
                Term::Binary(pattern.clone().into_bytes()),
                Term::List(Vec::new()),
            ])]),
            Term::List(Vec::new()),
        ]));
        let appup = appup.unwrap();
        for vsn in VSNS {
            let otp = answers.next().unwrap().to_string();
            match appup.instructions(Direction::Up, vsn) {
                Err(_) => refused += 1,
                Ok(found) => {
                    let ours = if found.is_some() { "true" } else { "false" };
                    assert_eq!(ours, otp, "{pattern} on {vsn:?}");
                    understood += 1;
                }
            }
        }
    }
    (understood, refused)
}

#[test]
fn made_up_patterns_match_as_in_erlang_or_are_refused() {
    let mut patterns = BTreeSet::new();
    for seed in 0..600 {
        let rng = &mut Rng::new(seed);
        let mut pattern = String::new();
        alternatives(&mut pattern, 0, rng);
        patterns.insert(pattern);
    }
    let (understood, refused) = check(&patterns);
    assert!(
        understood > refused,
        "{understood} understood, {refused} refused"
    );
}

fn alternatives(pattern: &mut String, depth: usize, rng: &mut Rng) {
    for number in 0..1 + usize::from(rng.percent(25)) {
        if number > 0 {
            pattern.push('|');
        }
        for _ in 0..1 + rng.below(4) {
            match rng.below(14) {
                0 if depth < 3 => {
                    add(pattern, rng, &["(", "(?:", "(", "(?>", "(?="]);
                    alternatives(pattern, depth + 1, rng);
                    pattern.push(')');
                }
                1 => add(pattern, rng, &["^", "$", "\\b", "\\A", "\\z", "\\Z", "\\B"]),
                2 => add(
                    pattern,
                    rng,
                    &["[0-9]", "[^.]", "[a-z.]", "[]a]", "[a\\d-]"],
                ),
                3 => add(
                    pattern,
                    rng,
                    &["\\d", "\\w", "\\s", "\\D", "\\S", "\\h", "\\W"],
                ),
                4 | 5 => pattern.push('.'),
                6 | 7 => pattern.push_str("\\."),
                8 => add(
                    pattern,
                    rng,
                    &["}", "]", "é", "\\-", "\\_", "\\{", "-", "{"],
                ),
                _ => add(pattern, rng, &["1", "0", "a", "8", "10", "1"]),
            }
            match rng.below(16) {
                0..=2 => add(pattern, rng, &["*", "+", "?"]),
                3 => add(pattern, rng, &["{2}", "{1,}", "{0,2}", "{,2}", "{2"]),
                4 => add(pattern, rng, &["*?", "+?", "??", "*+", "++", "{1,2}?"]),
                _ => {}
            }
        }
    }
}

#[test]
fn the_patterns_of_installed_appups_are_all_understood() {
    let mut patterns = BTreeSet::new();
    let mut files = 0;
    for library in std::fs::read_dir("/usr/lib/erlang/lib").expect("Erlang is installed") {
        let ebin = library.unwrap().path().join("ebin");
        for path in std::fs::read_dir(&ebin).into_iter().flatten() {
            let path = path.unwrap().path();
            if path.extension().is_some_and(|e| e == "appup") {
                files += 1;
                patterns.extend(patterns_of(&path));
            }
        }
    }
    assert!(
        files > 10 && patterns.len() > 50,
        "{files}, {}",
        patterns.len()
    );
    let (_, refused) = check(&patterns);
    // Only of the version that is not ASCII nothing is said.
    assert_eq!(refused, patterns.len());
}

/// The patterns of an appup; all its instructions must be read, too.
fn patterns_of(path: &Path) -> Vec<String> {
    let bytes = std::fs::read(path).unwrap();
    let term = consult_one(&bytes, &beam::Limits::RELEASE).unwrap();
    let appup = Appup::read(&term).unwrap();
    assert_eq!(Appup::read(&appup.to_term()), Ok(appup), "{path:?}");
    let mut patterns = Vec::new();
    for entries in &term.as_tuple().unwrap()[1..] {
        for entry in entries.as_list().unwrap() {
            let Some([vsn, Term::List(instructions)]) = entry.as_tuple() else {
                panic!("{path:?}: {entry}");
            };
            relup::High::read_all(instructions).unwrap();
            if let Term::Binary(bytes) = vsn {
                patterns.push(String::from_utf8(bytes.clone()).unwrap());
            }
        }
    }
    patterns
}

fn add(pattern: &mut String, rng: &mut Rng, one_of: &[&str]) {
    let chosen: &&str = rng.pick(one_of);
    pattern.push_str(chosen);
}
