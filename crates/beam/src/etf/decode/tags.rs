//! One tag after the other.

use super::super::{DecodeError, Float, Fun, Pid, Port, Reference, Term};
use super::Reader;

pub(super) const NIL: u8 = 106;
pub(super) const STRING: u8 = 107;
pub(super) const LIST: u8 = 108;

/// Characters of an atom, by Erlang's own limit.
const ATOM_CHARACTERS_MAX: usize = 255;
/// Bytes of a float that was written as text.
const OLD_FLOAT_BYTES: usize = 31;

impl Reader<'_> {
    /// Reads one term at `depth` levels below the outermost.
    pub(super) fn term(&mut self, depth: usize) -> Result<Term, DecodeError> {
        if depth >= self.depth_max {
            return Err(DecodeError::TooDeep {
                limit: self.depth_max,
            });
        }
        self.note(1)?;
        // After the version byte.
        let position = self.position + 1;
        match self.u8()? {
            104 => {
                let count = self.u8()?;
                self.terms(count.into(), depth + 1).map(Term::Tuple)
            }
            105 => {
                let count = self.count()?;
                self.terms(count, depth + 1).map(Term::Tuple)
            }
            LIST => self.list(depth + 1),
            112 => self.fun(depth + 1, position),
            116 => self.map(depth + 1, position),
            tag => self.leaf(tag, position),
        }
    }

    /// Reads what follows a tag within which there are no terms. Apart from [`term`](Self::term), which
    /// is called for each level and needs little of the stack by itself.
    fn leaf(&mut self, tag: u8, position: usize) -> Result<Term, DecodeError> {
        let damaged = |what| DecodeError::Damaged { what, position };
        match tag {
            70 => {
                let value = f64::from_be_bytes(self.array()?);
                let float = Float::new(value).ok_or_else(|| damaged("float"))?;
                Ok(Term::Float(float))
            }
            77 => {
                let count = self.count()?;
                let last_bits = self.u8()?;
                let bytes = self.take(count)?.to_vec();
                Term::bitstring(bytes, last_bits).ok_or_else(|| damaged("bitstring"))
            }
            88 | 89 | 90 | 101 | 102 | 103 | 114 | 120 => self.identity(tag, position),
            97 => Ok(Term::Int(self.u8()?.into())),
            98 => Ok(Term::Int(i32::from_be_bytes(self.array()?).into())),
            99 => {
                let text = self.take(OLD_FLOAT_BYTES)?;
                old_float(text).ok_or_else(|| damaged("float"))
            }
            100 | 115 | 118 | 119 => self.atom_text(tag, position).map(Term::Atom),
            NIL => Ok(Term::List(Vec::new())),
            STRING => {
                let count = self.u16()?;
                let bytes = self.take(count)?;
                self.note(count)?;
                let codes = bytes.iter().map(|&byte| Term::Int(byte.into()));
                Ok(Term::List(codes.collect()))
            }
            109 => {
                let count = self.count()?;
                Ok(Term::Binary(self.take(count)?.to_vec()))
            }
            110 => {
                let count = self.u8()?;
                self.integer(count.into())
            }
            111 => {
                let count = self.count()?;
                self.integer(count)
            }
            113 => {
                let module = self.atom()?;
                let name = self.atom()?;
                match self.array()? {
                    [97, arity] => Ok(Term::Export {
                        module,
                        name,
                        arity,
                    }),
                    _ => Err(damaged("fun")),
                }
            }
            tag => Err(DecodeError::Tag { tag, position }),
        }
    }

    /// Any sign but zero is a minus to the emulator.
    fn integer(&mut self, count: usize) -> Result<Term, DecodeError> {
        let negative = self.u8()? != 0;
        Ok(Term::integer(negative, self.take(count)?))
    }

    /// Reads an atom where the format wants one.
    fn atom(&mut self) -> Result<String, DecodeError> {
        self.note(1)?;
        let position = self.position + 1;
        let tag = self.u8()?;
        match tag {
            100 | 115 | 118 | 119 => self.atom_text(tag, position),
            _ => Err(DecodeError::Damaged {
                what: "atom",
                position,
            }),
        }
    }

    fn atom_text(&mut self, tag: u8, position: usize) -> Result<String, DecodeError> {
        let damaged = || DecodeError::Damaged {
            what: "atom",
            position,
        };
        let count = match tag {
            100 | 118 => self.u16()?,
            _ => self.u8()?.into(),
        };
        let bytes = self.take(count)?;
        let text = match tag {
            // The old tags are Latin-1.
            100 | 115 if !bytes.is_ascii() => bytes.iter().map(|&byte| char::from(byte)).collect(),
            _ => std::str::from_utf8(bytes)
                .map_err(|_| damaged())?
                .to_owned(),
        };
        // Bytes are counted first, since these are nearly always few.
        if count > ATOM_CHARACTERS_MAX && text.chars().count() > ATOM_CHARACTERS_MAX {
            return Err(damaged());
        }
        Ok(text)
    }

    fn pid(&mut self) -> Result<Pid, DecodeError> {
        let position = self.position + 1;
        let tag = self.u8()?;
        self.note(1)?;
        match self.identity(tag, position) {
            Ok(Term::Pid(pid)) => Ok(pid),
            Ok(_) | Err(DecodeError::Tag { .. }) => Err(DecodeError::Damaged {
                what: "fun",
                position,
            }),
            Err(e) => Err(e),
        }
    }

    /// Reads what follows the tag of a pid, port or reference, of the newer or the older form.
    fn identity(&mut self, tag: u8, position: usize) -> Result<Term, DecodeError> {
        let words = match tag {
            90 | 114 => self.u16()?,
            _ => 1,
        };
        if words == 0 || words > Reference::WORDS_MAX {
            return Err(DecodeError::Damaged {
                what: "reference",
                position,
            });
        }
        let node = self.atom()?;
        Ok(match tag {
            88 => Term::Pid(Pid {
                node,
                id: self.u32()?,
                serial: self.u32()?,
                creation: self.u32()?,
            }),
            103 => Term::Pid(Pid {
                node,
                id: self.u32()?,
                serial: self.u32()?,
                creation: self.u8()?.into(),
            }),
            120 => Term::Port(Port {
                node,
                id: u64::from_be_bytes(self.array()?),
                creation: self.u32()?,
            }),
            89 => Term::Port(Port {
                node,
                id: self.u32()?.into(),
                creation: self.u32()?,
            }),
            102 => Term::Port(Port {
                node,
                id: self.u32()?.into(),
                creation: self.u8()?.into(),
            }),
            90 | 114 => {
                let creation = match tag {
                    90 => self.u32()?,
                    _ => self.u8()?.into(),
                };
                let ids = (0..words).map(|_| self.u32()).collect::<Result<_, _>>()?;
                Term::Reference(Reference {
                    node,
                    creation,
                    ids,
                })
            }
            101 => {
                let ids = vec![self.u32()?];
                let creation = self.u8()?.into();
                Term::Reference(Reference {
                    node,
                    creation,
                    ids,
                })
            }
            tag => return Err(DecodeError::Tag { tag, position }),
        })
    }

    /// Reads a local fun. It states its size in bytes, which the emulator does not look at either.
    fn fun(&mut self, depth: usize, position: usize) -> Result<Term, DecodeError> {
        let damaged = || DecodeError::Damaged {
            what: "fun",
            position,
        };
        let _size = self.count()?;
        let arity = self.u8()?;
        let uniq = self.array()?;
        let index = self.u32()?;
        let free_count = self.count()?;
        let module = self.atom()?;
        let mut small = || match self.term(depth)? {
            Term::Int(value) => Ok(value),
            _ => Err(damaged()),
        };
        let old_index = small()?;
        let old_uniq = small()?;
        let pid = self.pid()?;
        let free = self.terms(free_count, depth)?;
        Ok(Term::Fun(Box::new(Fun {
            module,
            arity,
            uniq,
            index,
            old_index,
            old_uniq,
            pid,
            free,
        })))
    }
}

/// Reads a float that was written with `%.20e` and filled up with zero bytes.
fn old_float(text: &[u8]) -> Option<Term> {
    let end = text.iter().position(|&b| b == 0).unwrap_or(text.len());
    let text = std::str::from_utf8(&text[..end]).ok()?;
    // Rust reads names of what is no number, too.
    let numeric = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    if !text.trim().chars().all(numeric) {
        return None;
    }
    let value: f64 = text.trim().parse().ok()?;
    Float::new(value).map(Term::Float)
}
