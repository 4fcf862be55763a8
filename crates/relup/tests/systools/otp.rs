//! One Erlang VM that answers many questions.

use std::path::Path;
use std::process::Command;

use beam::term::consult;
use beam::{Limits, Term};

use crate::fixture::Rel;

/// Answers the questions, in their order.
pub(crate) fn ask(questions: &[Term]) -> Vec<Term> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("driver.erl"), include_str!("driver.erl")).unwrap();
    let lines: String = questions.iter().map(|q| format!("{q}.\n")).collect();
    std::fs::write(path("questions"), format!("%% coding: utf-8\n{lines}")).unwrap();
    let output = Command::new("erl")
        .env("ERL_CRASH_DUMP_SECONDS", "0")
        .args([
            "-noinput",
            "-boot",
            "start_sasl",
            "-sasl",
            "sasl_error_logger",
            "false",
            "-eval",
        ])
        .arg(
            "[Source, Questions, Answers] = init:get_plain_arguments(), \
             {ok, Module, Code} = compile:file(Source, [binary, report]), \
             {module, Module} = code:load_binary(Module, Source, Code), \
             Module:main(Questions, Answers), halt(0).",
        )
        .arg("-extra")
        .args([path("driver.erl"), path("questions"), path("answers")])
        .output()
        .expect("erl is installed (script/setup)");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let answers = std::fs::read(path("answers")).unwrap();
    let answers = consult(&answers, &Limits::RELEASE).unwrap();
    assert_eq!(answers.len(), questions.len());
    answers
}

/// What `systools:make_relup` says of releases.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Made { relup: Term },
    Refused { tag: String, text: String },
}

/// Has relups made of releases, each with its bases.
pub(crate) fn make_relups(of: &[(&Rel, Vec<&Rel>)]) -> Vec<Answer> {
    let folder = tempfile::tempdir().unwrap();
    let mut questions = Vec::new();
    for (number, (top, bases)) in of.iter().enumerate() {
        let root = folder.path().join(number.to_string());
        for (number, base) in bases.iter().enumerate() {
            base.write(&root, &format!("base{number}"));
        }
        // Last, since an application of a version that a base has too must have its appup.
        top.write(&root, "top");
        let at = |name: &str| text_of(&root.join(name));
        let bases = (0..bases.len()).map(|number| at(&format!("base{number}")));
        questions.push(Term::Tuple(vec![
            Term::atom("relup"),
            at("top"),
            Term::List(bases.collect()),
            Term::List(vec![at("lib/*/ebin")]),
        ]));
    }
    ask(&questions).into_iter().map(answer).collect()
}

pub(crate) fn text_of(path: &Path) -> Term {
    Term::string(path.to_str().unwrap())
}

fn answer(term: Term) -> Answer {
    match term.as_tuple() {
        Some([Term::Atom(ok), relup, Term::List(_)]) if ok == "ok" => Answer::Made {
            relup: relup.clone(),
        },
        Some([Term::Atom(error), Term::Atom(tag), text]) if error == "error" => Answer::Refused {
            tag: tag.clone(),
            text: text.text().unwrap_or_default(),
        },
        _ => panic!("{term}"),
    }
}
