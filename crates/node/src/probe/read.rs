//! From the node's answer to a [`Probe`].

use std::collections::BTreeMap;

use beam::etf::{Pid, Term};

use super::{Application, Child, ChildState, Count, Mailbox, Memory, Probe, Unseen, UnseenReason};
use crate::error::shortened;

/// Reads the answer.
///
/// # Errors
/// What is missing or of another form.
pub(super) fn probe(answer: &Term) -> Result<Probe, String> {
    let field = |name: &str| answer.get(name).ok_or_else(|| format!("no `{name}`"));
    let number = |name: &str| field(name)?.as_u64().ok_or_else(|| wrong(name, answer));
    let text = |name: &str| field(name)?.text().ok_or_else(|| wrong(name, answer));
    let count = |name: &str| match field(name)?.as_tuple() {
        Some([now, limit]) => Ok(Count {
            now: now.as_u64().ok_or_else(|| wrong(name, answer))?,
            limit: limit.as_u64().ok_or_else(|| wrong(name, answer))?,
        }),
        _ => Err(wrong(name, answer)),
    };
    let memory = field("memory")?;
    let bytes = |name: &str| {
        memory
            .get(name)
            .and_then(Term::as_u64)
            .ok_or_else(|| wrong("memory", answer))
    };
    let mut children = Vec::new();
    let mut unseen = Vec::new();
    for tree in list(answer, "trees")? {
        match tree.as_tuple() {
            Some([Term::Atom(application), tree]) => {
                let mut trees = Trees {
                    application,
                    children: &mut children,
                    unseen: &mut unseen,
                };
                trees.read(tree).ok_or_else(|| wrong("trees", answer))?;
            }
            _ => return Err(wrong("trees", answer)),
        }
    }
    Ok(Probe {
        otp: text("otp")?,
        os_pid: text("os_pid")?,
        booted: field("booted")?.is_atom("true"),
        uptime_ms: number("uptime")?,
        schedulers_online: number("schedulers")?,
        run_queue: number("run_queue")?,
        memory: Memory {
            total: bytes("total")?,
            processes: bytes("processes")?,
            binary: bytes("binary")?,
            ets: bytes("ets")?,
        },
        processes: count("processes")?,
        ports: count("ports")?,
        atoms: count("atoms")?,
        applications: match field("applications")? {
            busy if busy.is_atom("busy") => None,
            _ => Some(
                list(answer, "applications")?
                    .iter()
                    .map(|term| application(term).ok_or_else(|| wrong("applications", answer)))
                    .collect::<Result<_, _>>()?,
            ),
        },
        mailboxes: list(answer, "mailboxes")?
            .iter()
            .map(|term| mailbox(term).ok_or_else(|| wrong("mailboxes", answer)))
            .collect::<Result<_, _>>()?,
        mailboxes_seen: number("seen")?,
        children,
        unseen,
    })
}

fn wrong(name: &str, answer: &Term) -> String {
    match answer.get(name) {
        Some(value) => format!("`{name}` is {}", shortened(value)),
        None => format!("no `{name}`"),
    }
}

fn list<'a>(answer: &'a Term, name: &str) -> Result<&'a [Term], String> {
    answer
        .get(name)
        .and_then(Term::as_list)
        .ok_or_else(|| wrong(name, answer))
}

fn application(term: &Term) -> Option<Application> {
    match term.as_tuple()? {
        [name, version] => Some(Application {
            name: name.as_atom()?.to_owned(),
            version: version.text()?,
        }),
        _ => None,
    }
}

fn mailbox(term: &Term) -> Option<Mailbox> {
    let [Term::Pid(pid), length, about] = term.as_tuple()? else {
        return None;
    };
    // Without anything about it the process has ended meanwhile; without a name it is `[]`.
    let name = about.get("registered_name").and_then(Term::as_atom);
    let current = about.get("current_function").and_then(Term::as_tuple);
    Some(Mailbox {
        pid: pid.clone(),
        length: length.as_u64()?,
        name: name.map(str::to_owned),
        current: match current {
            Some([module, name, arity]) => Some(format!("{module}:{name}/{arity}")),
            _ => None,
        },
    })
}

/// Reads the supervision tree of one application.
struct Trees<'a> {
    application: &'a str,
    children: &'a mut Vec<Child>,
    unseen: &'a mut Vec<Unseen>,
}

impl Trees<'_> {
    fn read(&mut self, tree: &Term) -> Option<()> {
        let (top, rows) = match tree {
            // An application without processes.
            none if none.is_atom("none") => return Some(()),
            Term::Atom(reason) => {
                let reason = unseen_reason(reason)?;
                self.pass_over(Vec::new(), reason);
                return Some(());
            }
            _ => match tree.as_tuple()? {
                [Term::Pid(top), rows] => (top, rows.as_list()?),
                _ => return None,
            },
        };
        // A supervisor's row comes before those of its children.
        let mut paths: BTreeMap<Pid, Vec<Term>> = BTreeMap::from([(top.clone(), Vec::new())]);
        for row in rows {
            match row.as_tuple()? {
                [Term::Pid(supervisor), Term::Atom(reason)] => {
                    let path = paths.get(supervisor)?.clone();
                    self.pass_over(path, unseen_reason(reason)?);
                }
                [Term::Pid(supervisor), id, child] => {
                    let mut path = paths.get(supervisor)?.clone();
                    path.push(id.clone());
                    let state = match child {
                        Term::Pid(pid) => {
                            paths.insert(pid.clone(), path.clone());
                            ChildState::Running(pid.clone())
                        }
                        other if other.is_atom("restarting") => ChildState::Restarting,
                        _ => ChildState::Stopped,
                    };
                    self.children.push(Child {
                        application: self.application.to_owned(),
                        path,
                        supervisor: supervisor.clone(),
                        state,
                    });
                }
                _ => return None,
            }
        }
        Some(())
    }

    fn pass_over(&mut self, path: Vec<Term>, reason: UnseenReason) {
        self.unseen.push(Unseen {
            application: self.application.to_owned(),
            path,
            reason,
        });
    }
}

fn unseen_reason(word: &str) -> Option<UnseenReason> {
    Some(match word {
        "large" => UnseenReason::Large,
        "silent" => UnseenReason::Silent,
        "gone" => UnseenReason::Gone,
        "many" => UnseenReason::Many,
        "unknown" => UnseenReason::Unknown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use beam::Limits;
    use beam::etf::{decode, encode};
    use proptest::prelude::*;

    use super::*;

    fn pid(id: u32) -> Term {
        Term::Pid(Pid {
            node: "shop_1@host".into(),
            id,
            serial: 0,
            creation: 1,
        })
    }

    fn atom(name: &str) -> Term {
        Term::atom(name)
    }

    fn answer() -> BTreeMap<Term, Term> {
        let counted = || Term::tuple([Term::Int(5), Term::Int(100)]);
        let part = |name: &str| Term::tuple([atom(name), Term::Int(7)]);
        let row = |supervisor, id: &str, child| Term::tuple([pid(supervisor), atom(id), child]);
        let rows = [
            row(1, "below", pid(2)),
            row(2, "worker", atom("restarting")),
            Term::tuple([pid(2), atom("many")]),
            row(1, "rest", atom("undefined")),
        ];
        let tree = Term::tuple([pid(1), Term::list(rows)]);
        let about = Term::list([
            Term::tuple([atom("registered_name"), Term::list([])]),
            Term::tuple([
                atom("current_function"),
                Term::tuple([atom("gen_server"), atom("loop"), Term::Int(7)]),
            ]),
        ]);
        let memory = ["total", "processes", "binary", "ets"].map(part);
        let fields = [
            ("otp", Term::string("25")),
            ("os_pid", Term::string("77")),
            ("booted", atom("true")),
            ("uptime", Term::Int(1)),
            ("schedulers", Term::Int(2)),
            ("run_queue", Term::Int(0)),
            ("memory", Term::list(memory)),
            ("processes", counted()),
            ("ports", counted()),
            ("atoms", counted()),
            (
                "applications",
                Term::list([Term::tuple([atom("shop"), Term::string("1")])]),
            ),
            (
                "mailboxes",
                Term::list([Term::tuple([pid(3), Term::Int(9), about])]),
            ),
            ("seen", Term::Int(5)),
            ("trees", Term::list([Term::tuple([atom("shop"), tree])])),
        ];
        fields.map(|(name, value)| (atom(name), value)).into()
    }

    #[test]
    fn an_answer_is_read_with_the_place_of_each_child() {
        let read = probe(&Term::Map(answer())).unwrap();
        let children: Vec<_> = read
            .children
            .iter()
            .map(|c| (c.path.clone(), &c.state))
            .collect();
        let Term::Pid(below) = pid(2) else {
            panic!("no pid");
        };
        let expected = [
            (vec![atom("below")], &ChildState::Running(below)),
            (vec![atom("below"), atom("worker")], &ChildState::Restarting),
            (vec![atom("rest")], &ChildState::Stopped),
        ];
        assert_eq!(children, expected);
        assert_eq!(read.unseen[0].path, [atom("below")]);
        assert_eq!(read.unseen[0].reason, UnseenReason::Many);
        assert_eq!(read.mailboxes[0].name, None);
        assert_eq!(
            read.mailboxes[0].current.as_deref(),
            Some("gen_server:loop/7")
        );
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for field in answer().keys() {
            let name = field.as_atom().unwrap();
            let mut missing = answer();
            missing.remove(field);
            assert_eq!(
                probe(&Term::Map(missing)).unwrap_err(),
                format!("no `{name}`")
            );
            let mut wrong = answer();
            wrong.insert(field.clone(), Term::tuple([atom("odd")]));
            // Whatever is not `true` has not booted.
            if name != "booted" {
                let told = probe(&Term::Map(wrong)).unwrap_err();
                assert!(told.contains(name), "{told}");
            }
        }
        probe(&atom("odd")).unwrap_err();
    }

    proptest! {
        #[test]
        fn a_damaged_answer_is_read_or_refused(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let mut bytes = encode(&Term::Map(answer())).unwrap();
            for (at, byte) in damage {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Ok(damaged) = decode(&bytes, &Limits::RELEASE) {
                let read = probe(&damaged);
                prop_assert!(read.is_ok() || !read.unwrap_err().is_empty());
            }
        }
    }
}
