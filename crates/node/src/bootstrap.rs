//! What a node runs for a call: Erlang source, sent with the call and evaluated there, so that nothing
//! needs to be installed.
//!
//! One expression in abstract form starts it; it scans, parses and evaluates the source, which is bound
//! to `Source`. Scanner, parser and evaluator are in `stdlib`, which every release has. The atoms that
//! this makes are always the same few.

use beam::etf::{Pid, Term};

const CALL: &str = include_str!("erlang/call.erl");

/// What a call does.
#[derive(Debug, Clone)]
pub(crate) enum Work<'a> {
    Apply {
        module: &'a str,
        name: &'a str,
        arguments: &'a [Term],
    },
    Eval {
        source: &'a str,
        bindings: Vec<(&'a str, Term)>,
    },
}

/// The arguments of `erl_eval:exprs/3` that run a call. `tag` comes back with the answer. Given a third
/// argument, that there is no handler of local functions, it does not check the source first.
pub(crate) fn arguments(work: Work<'_>, bytes_max: u64, caller: &Pid, tag: i64) -> [Term; 3] {
    let work = match work {
        Work::Apply {
            module,
            name,
            arguments,
        } => Term::tuple([
            Term::atom("apply"),
            Term::atom(module),
            Term::atom(name),
            Term::list(arguments),
        ]),
        Work::Eval {
            source,
            bindings: bound,
        } => Term::tuple([Term::atom("eval"), Term::string(source), bindings(bound)]),
    };
    let bound = bindings(vec![
        ("Bytes", Term::from(bytes_max)),
        ("Caller", Term::Pid(caller.clone())),
        ("Tag", Term::Int(tag)),
        ("Work", work),
    ]);
    let start = bindings(vec![("Bound", bound), ("Source", Term::string(CALL))]);
    [Term::list([evaluate_source()]), start, Term::atom("none")]
}

/// Bindings as `erl_eval` takes them: an `orddict`, sorted by name.
fn bindings(mut bound: Vec<(&str, Term)>) -> Term {
    bound.sort_by_key(|(name, _)| *name);
    let pair = |(name, value)| Term::tuple([Term::atom(name), value]);
    Term::List(bound.into_iter().map(pair).collect())
}

/// `erl_eval:exprs(element(2, erl_parse:parse_exprs(element(2, erl_scan:string(Source)))), Bound, none)` in
/// abstract form.
fn evaluate_source() -> Term {
    let tokens = second(call("erl_scan", "string", [variable("Source")]));
    let expressions = second(call("erl_parse", "parse_exprs", [tokens]));
    let none = form("atom", [Term::atom("none")]);
    call("erl_eval", "exprs", [expressions, variable("Bound"), none])
}

fn second(tuple: Term) -> Term {
    call(
        "erlang",
        "element",
        [form("integer", [Term::Int(2)]), tuple],
    )
}

fn call<const N: usize>(module: &str, name: &str, arguments: [Term; N]) -> Term {
    let atom = |name| form("atom", [Term::atom(name)]);
    let function = form("remote", [atom(module), atom(name)]);
    form("call", [function, Term::list(arguments)])
}

fn variable(name: &str) -> Term {
    form("var", [Term::atom(name)])
}

/// `{Kind, Line, …}`.
fn form<const N: usize>(kind: &str, rest: [Term; N]) -> Term {
    let head = [Term::atom(kind), Term::Int(1)];
    Term::Tuple(head.into_iter().chain(rest).collect())
}
