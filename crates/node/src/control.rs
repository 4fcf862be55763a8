//! The control messages between connected nodes, as packets without their length: a byte 112, a tuple
//! that says what is meant, and for some a term after it.

use beam::Limits;
use beam::etf::{self, EncodeError, Pid, Reference, Term};

use crate::error::PacketError;

const PASS_THROUGH: u8 = 112;
const EXIT2: i64 = 8;
const MONITOR_P_EXIT: i64 = 21;
const SPAWN_REQUEST: i64 = 29;
const UNLINK_ID_ACK: i64 = 36;

/// Bounds on the control tuple itself. A broken link or monitor may bring its reason in it.
const CONTROL: Limits = Limits {
    bytes_max: 64 << 20,
    depth_max: 256,
    terms_max: 1_000_000,
};

/// What a node says to us, as far as it matters here.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Incoming<'a> {
    /// A message to a process of ours; the term is not yet read.
    Message { to: Pid, message: &'a [u8] },
    /// The answer to [`spawn`].
    Spawned { request: Reference, result: Term },
    /// A process linked to ours, or monitored by it, has ended.
    Ended { to: Pid, reason: Reason<'a> },
    /// A process of the node monitors one of ours.
    Monitor {
        from: Pid,
        to: Term,
        reference: Reference,
    },
    /// A process of the node removes its link to one of ours, and waits until we have seen it.
    Unlink { id: Term, from: Pid, to: Pid },
    /// Anything else.
    Other,
}

/// Why a process ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reason<'a> {
    Term(Term),
    /// Not yet read.
    Bytes(&'a [u8]),
}

/// Reads a packet.
///
/// # Errors
/// Where it has another form than those of the protocol.
pub(crate) fn incoming(packet: &[u8]) -> Result<Incoming<'_>, PacketError> {
    let rest = match packet {
        [PASS_THROUGH, rest @ ..] => rest,
        [other, ..] => return Err(PacketError::Type(*other)),
        [] => return Ok(Incoming::Other),
    };
    let (control, length) = etf::decode_prefix(rest, &CONTROL)?;
    let after = &rest[length..];
    read(control, after)
}

fn read(control: Term, after: &[u8]) -> Result<Incoming<'_>, PacketError> {
    let Term::Tuple(elements) = control else {
        return Err(PacketError::Control(crate::error::shortened(&control)));
    };
    let mut elements = elements.into_iter();
    let Some(Term::Int(operation)) = elements.next() else {
        return Err(PacketError::Control("it begins with no number".to_owned()));
    };
    let rest: Vec<Term> = elements.collect();
    Ok(match (operation, rest.as_slice()) {
        // SEND, SEND_TT, SEND_SENDER and SEND_SENDER_TT.
        (2 | 12 | 22 | 23, [_, Term::Pid(to), ..]) => Incoming::Message {
            to: to.clone(),
            message: after,
        },
        // EXIT and EXIT2.
        (3 | 8, [_, Term::Pid(to), reason]) => ended(to, Reason::Term(reason.clone())),
        // The same with a trace token.
        (13 | 18, [_, Term::Pid(to), _, reason]) => ended(to, Reason::Term(reason.clone())),
        // PAYLOAD_EXIT and PAYLOAD_EXIT2, without and with a token; PAYLOAD_MONITOR_P_EXIT.
        (24..=28, [_, Term::Pid(to), ..]) => ended(to, Reason::Bytes(after)),
        (MONITOR_P_EXIT, [_, Term::Pid(to), _, reason]) => ended(to, Reason::Term(reason.clone())),
        // MONITOR_P.
        (19, [Term::Pid(from), to, Term::Reference(reference)]) => Incoming::Monitor {
            from: from.clone(),
            to: to.clone(),
            reference: reference.clone(),
        },
        // SPAWN_REPLY, without and with a token.
        (31 | 32, [Term::Reference(request), Term::Pid(_), _, result, ..]) => Incoming::Spawned {
            request: request.clone(),
            result: result.clone(),
        },
        // UNLINK_ID.
        (35, [id, Term::Pid(from), Term::Pid(to)]) => Incoming::Unlink {
            id: id.clone(),
            from: from.clone(),
            to: to.clone(),
        },
        _ => Incoming::Other,
    })
}

fn ended<'a>(to: &Pid, reason: Reason<'a>) -> Incoming<'a> {
    Incoming::Ended {
        to: to.clone(),
        reason,
    }
}

/// Asks the node to start a process with the given function and arguments; `option` is `link` or
/// `monitor`.
pub(crate) fn spawn(
    request: &Reference,
    from: &Pid,
    function: (&str, &str),
    arguments: &[Term],
    option: &str,
) -> Result<Vec<u8>, EncodeError> {
    let (module, name) = function;
    // Four billion arguments have no packet.
    let arity = Term::Int(arguments.len() as i64);
    let control = Term::tuple([
        Term::Int(SPAWN_REQUEST),
        Term::Reference(request.clone()),
        Term::Pid(from.clone()),
        Term::Pid(from.clone()),
        Term::tuple([Term::atom(module), Term::atom(name), arity]),
        Term::list([Term::atom(option)]),
    ]);
    let mut packet = packet(&control)?;
    etf::encode_into(&Term::list(arguments), &mut packet)?;
    Ok(packet)
}

/// Ends a process of the node.
pub(crate) fn kill(from: &Pid, to: &Pid) -> Result<Vec<u8>, EncodeError> {
    packet(&Term::tuple([
        Term::Int(EXIT2),
        Term::Pid(from.clone()),
        Term::Pid(to.clone()),
        Term::atom("kill"),
    ]))
}

/// Says to a monitoring process that there is no such process here.
pub(crate) fn no_process(
    to: &Term,
    from: &Pid,
    reference: &Reference,
) -> Result<Vec<u8>, EncodeError> {
    packet(&Term::tuple([
        Term::Int(MONITOR_P_EXIT),
        to.clone(),
        Term::Pid(from.clone()),
        Term::Reference(reference.clone()),
        Term::atom("noproc"),
    ]))
}

/// Says that a removed link was seen.
pub(crate) fn unlinked(id: &Term, from: &Pid, to: &Pid) -> Result<Vec<u8>, EncodeError> {
    packet(&Term::tuple([
        Term::Int(UNLINK_ID_ACK),
        id.clone(),
        Term::Pid(to.clone()),
        Term::Pid(from.clone()),
    ]))
}

fn packet(control: &Term) -> Result<Vec<u8>, EncodeError> {
    let mut packet = vec![PASS_THROUGH];
    etf::encode_into(control, &mut packet)?;
    Ok(packet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pid(id: u32) -> Pid {
        Pid {
            node: "a@b".into(),
            id,
            serial: 0,
            creation: 9,
        }
    }

    fn reference() -> Reference {
        Reference {
            node: "a@b".into(),
            creation: 9,
            ids: vec![1, 2, 3],
        }
    }

    #[test]
    fn a_message_is_told_with_its_term_unread() {
        let control = Term::tuple([Term::Int(22), Term::Pid(pid(1)), Term::Pid(pid(2))]);
        let mut bytes = packet(&control).unwrap();
        bytes.extend([131, 97, 7]);
        let expected = Incoming::Message {
            to: pid(2),
            message: &[131, 97, 7],
        };
        assert_eq!(incoming(&bytes).unwrap(), expected);
    }

    #[test]
    fn what_is_not_known_is_passed_over_and_what_is_no_packet_refused() {
        let check =
            |control: Term| incoming(&packet(&control).unwrap()).map(|i| i == Incoming::Other);
        assert!(check(Term::tuple([Term::Int(99)])).unwrap());
        assert!(check(Term::tuple([Term::Int(2), Term::atom("x")])).unwrap());
        check(Term::tuple([Term::atom("x")])).unwrap_err();
        check(Term::Int(2)).unwrap_err();
        incoming(&[113, 131, 97, 1]).unwrap_err();
        incoming(&[112, 131]).unwrap_err();
    }

    #[test]
    fn a_monitor_and_an_unlink_are_answered_to_whom_they_came_from() {
        let monitor = Term::tuple([
            Term::Int(19),
            Term::Pid(pid(5)),
            Term::atom("net_kernel"),
            Term::Reference(reference()),
        ]);
        let bytes = packet(&monitor).unwrap();
        let Incoming::Monitor {
            from,
            to,
            reference,
        } = incoming(&bytes).unwrap()
        else {
            panic!("not a monitor");
        };
        let answer = no_process(&to, &from, &reference).unwrap();
        let Incoming::Ended { to, reason } = incoming(&answer).unwrap() else {
            panic!("not an end");
        };
        assert_eq!((to, reason), (pid(5), Reason::Term(Term::atom("noproc"))));
    }

    proptest! {
        #[test]
        fn any_packet_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            drop(incoming(&bytes));
            drop(incoming(&[&[112, 131][..], &bytes].concat()));
        }

        #[test]
        fn a_damaged_packet_is_read_or_refused(at in 0usize..60, byte in any::<u8>()) {
            let arguments = [Term::Int(1)];
            let mut bytes = spawn(&reference(), &pid(1), ("m", "f"), &arguments, "link").unwrap();
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            drop(incoming(&bytes));
        }
    }
}
