//! The proof against the real thing: what is judged safe is installed on a running node, and back.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use beam::Term;

use verdict::Answer::Safe;

use crate::judged::{Pair, answers, shown};
use crate::node;
use crate::safe::{SafePair, pairs};

/// How many pairs every run installs; all of them with `CUTOVER_TEST_ALL`.
const PAIRS: usize = 8;

#[test]
fn safe_pairs_go_up_and_back_on_a_running_node_under_load() {
    let all = std::env::var_os("CUTOVER_TEST_ALL").is_some();
    let pairs = pairs();
    let count = if all { pairs.len() } else { PAIRS };
    let next = AtomicUsize::new(0);
    let wrong: Vec<String> = thread::scope(|scope| {
        let work = || {
            let mut wrong = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                match pairs[..count].get(at) {
                    Some(pair) => wrong.extend(install(pair).err()),
                    None => return wrong,
                }
            }
        };
        let workers = [scope.spawn(work), scope.spawn(work)];
        workers
            .into_iter()
            .flat_map(|w| w.join().unwrap())
            .collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn install(pair: &SafePair) -> Result<(), String> {
    let (old, new) = (pair.old.release(), pair.new.release());
    let judged = Pair::read(&old, &new).judge();
    if answers(&judged) != (Safe, Safe) {
        return Err(format!(
            "{}: not judged safe\n{}",
            pair.name,
            shown(&judged)
        ));
    }
    let relup = judged.relup.as_ref().expect("a relup").to_string();
    let (seen, printed) = node::upgrade(&old, &new, &relup, &pair.shows);
    let told = |what: &str| {
        format!(
            "{}: {what}\n{seen}\n{printed}\n{}",
            pair.name,
            shown(&judged)
        )
    };
    let get = |path: &[&str]| {
        let mut term = &seen;
        for key in path {
            term = field(term, key).ok_or_else(|| told(&format!("no {key}")))?;
        }
        Ok::<_, String>(term)
    };
    let is_empty = |term: &Term| term.as_list().is_some_and(<[Term]>::is_empty);
    for (direction, value) in [("up", pair.shows.new), ("down", pair.shows.old)] {
        let result = get(&[direction, "result"])?;
        let result = result
            .as_tuple()
            .and_then(|r| r.first())
            .and_then(Term::as_atom);
        if result != Some("ok") {
            return Err(told(&format!("{direction}: not installed")));
        }
        for list in ["silent", "stale", "protocols", "left", "on_old_code"] {
            if !is_empty(get(&[direction, "after_", list])?) {
                return Err(told(&format!("{direction}: {list}")));
            }
        }
        let head = get(&[direction, "after_", "head"])?;
        let paths = get(&[direction, "after_", "paths"])?;
        if head.as_atom() != Some("true") || *paths != Term::Int(1) {
            return Err(told(&format!("{direction}: code path of the protocols")));
        }
        let Term::Binary(shows) = get(&[direction, "after_", "shown"])? else {
            return Err(told("nothing is shown"));
        };
        let shows = String::from_utf8_lossy(shows);
        if shows != value {
            return Err(told(&format!("{direction}: shows {shows} and not {value}")));
        }
        if !is_empty(get(&[direction, "errors"])?) {
            return Err(told(&format!("{direction}: calls failed")));
        }
        if *get(&[direction, "answers"])? == Term::Int(0) {
            return Err(told("no load"));
        }
        let total = get(&[direction, "total"])?.as_tuple().unwrap_or_default();
        if total != [Term::Int(6), Term::Int(6)] {
            return Err(told(&format!("{direction}: the cart's state is lost")));
        }
        let counted = get(&[direction, "counted"])?.as_tuple().unwrap_or_default();
        let [Term::Int(before), Term::Int(calls), Term::Int(after)] = counted else {
            return Err(told("counts"));
        };
        if after - before < *calls {
            return Err(told(&format!("{direction}: the counter's state is lost")));
        }
    }
    // On the way up nothing ends; on the way back only children that the old release does not have.
    if !is_empty(get(&["up", "lost"])?) {
        return Err(told("up: processes ended"));
    }
    let lost = get(&["down", "lost"])?.as_list().unwrap_or_default();
    let first = get(&["first", "processes"])?;
    let of_first =
        |name: &&Term| matches!(first, Term::Map(pairs) if pairs.iter().any(|(k, _)| k == *name));
    if lost.iter().any(|name| of_first(&name)) {
        return Err(told("down: processes of the old release ended"));
    }
    Ok(())
}

fn field<'a>(map: &'a Term, key: &str) -> Option<&'a Term> {
    let Term::Map(pairs) = map else { return None };
    let mut pairs = pairs.iter();
    pairs.find_map(|(name, value)| (name.as_atom() == Some(key)).then_some(value))
}
