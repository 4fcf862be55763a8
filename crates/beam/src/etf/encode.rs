//! Terms to bytes.

use std::io::{self, Write};

use super::{EncodeError, Fun, Pid, Port, Reference, Term, VERSION};

const ATOM_CHARACTERS_MAX: usize = 255;
/// Ports of more bits need the newest tag.
const NEW_PORT_MAX: u64 = (1 << 28) - 1;

/// Writes a term with its version byte. The same term always yields the same bytes.
///
/// # Errors
/// Where the format cannot hold the term.
pub fn encode(term: &Term) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::new();
    encode_into(term, &mut out)?;
    Ok(out)
}

/// Appends a term with its version byte.
///
/// # Errors
/// Where the format cannot hold the term; what was appended until then stays.
pub fn encode_into(term: &Term, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    out.push(VERSION);
    put(term, out)
}

/// Writes a term with its version byte, packed at a zlib `level` (1 to 9) if that makes it shorter.
///
/// # Errors
/// Where the format cannot hold the term.
pub fn encode_compressed(term: &Term, level: u32) -> Result<Vec<u8>, EncodeError> {
    let plain = encode(term)?;
    let Ok(size) = u32::try_from(plain.len() - 1) else {
        return Ok(plain);
    };
    let mut packed = vec![VERSION, 80];
    packed.extend(size.to_be_bytes());
    match deflated(packed, &plain[1..], level) {
        Ok(packed) if packed.len() < plain.len() => Ok(packed),
        // Writing to memory does not fail; were it to, the plain term is as good.
        Ok(_) | Err(_) => Ok(plain),
    }
}

fn deflated(head: Vec<u8>, plain: &[u8], level: u32) -> io::Result<Vec<u8>> {
    let level = flate2::Compression::new(level.clamp(1, 9));
    let mut zlib = flate2::write::ZlibEncoder::new(head, level);
    zlib.write_all(plain)?;
    zlib.finish()
}

fn put(term: &Term, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    match term {
        Term::Tuple(elements) => {
            put_tuple_head(elements.len(), out)?;
            put_all(elements, out)
        }
        Term::Map(pairs) => {
            put_count(116, "map", pairs.len(), out)?;
            pairs.iter().try_for_each(|(key, value)| {
                put(key, out)?;
                put(value, out)
            })
        }
        Term::List(elements) => put_list(elements, out),
        Term::Improper(elements, tail) => {
            if elements.is_empty() {
                return Err(EncodeError::NoElement);
            }
            put_count(108, "list", elements.len(), out)?;
            put_all(elements, out)?;
            put(tail, out)
        }
        Term::Fun(fun) => put_fun(fun, out),
        leaf => put_leaf(leaf, out),
    }
}

/// Writes a term that has none within. Apart from [`put`], which is called for each level and needs
/// little of the stack by itself.
fn put_leaf(term: &Term, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    match term {
        Term::Int(value) => put_int(*value, out),
        Term::Big(big) => put_big(big.is_negative(), big.magnitude(), out)?,
        Term::Float(float) => {
            out.push(70);
            out.extend(float.get().to_be_bytes());
        }
        Term::Atom(name) => put_atom(name, out)?,
        Term::Reference(reference) => put_reference(reference, out)?,
        Term::Export {
            module,
            name,
            arity,
        } => {
            out.push(113);
            put_atom(module, out)?;
            put_atom(name, out)?;
            out.extend([97, *arity]);
        }
        Term::Port(port) => put_port(port, out)?,
        Term::Pid(pid) => put_pid(pid, out)?,
        Term::Binary(bytes) => {
            put_count(109, "binary", bytes.len(), out)?;
            out.extend(bytes);
        }
        Term::Bits(bits) => {
            put_count(77, "bitstring", bits.bytes().len(), out)?;
            out.push(bits.last_bits());
            out.extend(bits.bytes());
        }
        Term::Tuple(_) | Term::Map(_) | Term::List(_) | Term::Improper(..) | Term::Fun(_) => {
            put(term, out)?;
        }
    }
    Ok(())
}

fn put_tuple_head(count: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    match u8::try_from(count) {
        Ok(count) => {
            out.extend([104, count]);
            Ok(())
        }
        Err(_) => put_count(105, "tuple", count, out),
    }
}

fn put_port(port: &Port, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    match u32::try_from(port.id) {
        Ok(id) if port.id <= NEW_PORT_MAX => {
            out.push(89);
            put_atom(&port.node, out)?;
            out.extend(id.to_be_bytes());
        }
        _ => {
            out.push(120);
            put_atom(&port.node, out)?;
            out.extend(port.id.to_be_bytes());
        }
    }
    out.extend(port.creation.to_be_bytes());
    Ok(())
}

fn put_all(terms: &[Term], out: &mut Vec<u8>) -> Result<(), EncodeError> {
    terms.iter().try_for_each(|term| put(term, out))
}

fn put_count(
    tag: u8,
    what: &'static str,
    count: usize,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let known = u32::try_from(count).map_err(|_| EncodeError::TooMany { what, count })?;
    out.push(tag);
    out.extend(known.to_be_bytes());
    Ok(())
}

fn put_int(value: i64, out: &mut Vec<u8>) {
    if let Ok(byte) = u8::try_from(value) {
        out.extend([97, byte]);
    } else if let Ok(word) = i32::try_from(value) {
        out.push(98);
        out.extend(word.to_be_bytes());
    } else {
        let magnitude = value.unsigned_abs().to_le_bytes();
        let length = magnitude.iter().rposition(|&b| b != 0).map_or(0, |i| i + 1);
        // Never more than eight.
        out.extend([110, length as u8, u8::from(value < 0)]);
        out.extend(&magnitude[..length]);
    }
}

fn put_big(negative: bool, magnitude: &[u8], out: &mut Vec<u8>) -> Result<(), EncodeError> {
    match u8::try_from(magnitude.len()) {
        Ok(length) => out.extend([110, length]),
        Err(_) => put_count(111, "integer", magnitude.len(), out)?,
    }
    out.push(negative.into());
    out.extend(magnitude);
    Ok(())
}

fn put_atom(name: &str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let characters = name.chars().count();
    if characters > ATOM_CHARACTERS_MAX {
        return Err(EncodeError::AtomTooLong { characters });
    }
    match u8::try_from(name.len()) {
        Ok(length) => out.extend([119, length]),
        Err(_) => {
            // 255 characters of at most four bytes.
            let [high, low] = (name.len() as u16).to_be_bytes();
            out.extend([118, high, low]);
        }
    }
    out.extend(name.as_bytes());
    Ok(())
}

fn put_pid(pid: &Pid, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    out.push(88);
    put_atom(&pid.node, out)?;
    for word in [pid.id, pid.serial, pid.creation] {
        out.extend(word.to_be_bytes());
    }
    Ok(())
}

fn put_reference(reference: &Reference, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let count = reference.ids.len();
    if !(1..=Reference::WORDS_MAX).contains(&count) {
        return Err(EncodeError::Words { count });
    }
    out.extend([90, 0, count as u8]);
    put_atom(&reference.node, out)?;
    out.extend(reference.creation.to_be_bytes());
    for id in &reference.ids {
        out.extend(id.to_be_bytes());
    }
    Ok(())
}

/// As `term_to_binary/1` does: a list of bytes that is not too long is a string.
fn put_list(elements: &[Term], out: &mut Vec<u8>) -> Result<(), EncodeError> {
    if elements.is_empty() {
        out.push(106);
        return Ok(());
    }
    let bytes: Option<Vec<u8>> = match u16::try_from(elements.len()) {
        Ok(_) => elements.iter().map(byte).collect(),
        Err(_) => None,
    };
    match bytes {
        Some(bytes) => {
            let [high, low] = (bytes.len() as u16).to_be_bytes();
            out.extend([107, high, low]);
            out.extend(bytes);
        }
        None => {
            put_count(108, "list", elements.len(), out)?;
            put_all(elements, out)?;
            out.push(106);
        }
    }
    Ok(())
}

fn byte(term: &Term) -> Option<u8> {
    match term {
        Term::Int(value) => u8::try_from(*value).ok(),
        _ => None,
    }
}

fn put_fun(fun: &Fun, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let too_many = |what, count| EncodeError::TooMany { what, count };
    out.push(112);
    let start = out.len();
    out.extend([0; 4]);
    out.push(fun.arity);
    out.extend(fun.uniq);
    out.extend(fun.index.to_be_bytes());
    let count = fun.free.len();
    let free = u32::try_from(count).map_err(|_| too_many("fun", count))?;
    out.extend(free.to_be_bytes());
    put_atom(&fun.module, out)?;
    put_int(fun.old_index, out);
    put_int(fun.old_uniq, out);
    put_pid(&fun.pid, out)?;
    put_all(&fun.free, out)?;
    let length = out.len() - start;
    let size = u32::try_from(length).map_err(|_| too_many("fun", length))?;
    out[start..start + 4].copy_from_slice(&size.to_be_bytes());
    Ok(())
}
